// A server on a free port, for as long as a test needs it.

import APIServer
import FoundationEssentials
import JSON
import Logging
import Metering
import ServiceLifecycle

/// A server that answers, and how to ask it.
struct RunningServer: Sendable {
  let port: Int
  /// The whole text of what the server has logged.
  let log: LogCapture
  let service: ServiceGroup

  /// Runs a server around a test.
  static func serving(
    _ models: [ServedModel], meter: Meter? = nil, administration: Administration? = nil,
    configure: (inout Server.Configuration) -> Void = { _ in },
    _ test: @escaping @Sendable (RunningServer) async throws -> Void
  ) async throws {
    var configuration = Server.Configuration()
    configuration.port = 0
    // Tests count what reaches an engine.
    configuration.probeInterval = .zero
    // However late a test's next byte is. Tests of these limits set their own, and no default helps them.
    configuration.limits.idleDuration = .seconds(3600)
    configuration.limits.stallDuration = .seconds(3600)
    configure(&configuration)
    let log = LogCapture()
    let (addresses, announce) = AsyncStream<String>.makeStream()
    let server = try Server(
      models: models, meter: meter, administration: administration,
      configuration: configuration, logger: log.logger, onListening: { announce.yield($0) })
    let group = ServiceGroup(
      configuration: .init(services: [server], logger: log.logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        do { try await group.run() } catch { announce.finish(); throw error }
      }
      tasks.addTask {
        for await address in addresses {
          let port = Int(address.split(separator: ":").last ?? "") ?? 0
          do {
            try await test(RunningServer(port: port, log: log, service: group))
          } catch {
            await group.triggerGracefulShutdown()
            throw error
          }
          break
        }
        await group.triggerGracefulShutdown()
      }
      try await tasks.waitForAll()
    }
  }

  /// One model that answers with `FakeEngine`'s words.
  static func serving(
    _ engine: FakeEngine = FakeEngine(), meter: Meter? = nil,
    configure: (inout Server.Configuration) -> Void = { _ in },
    _ test: @escaping @Sendable (RunningServer) async throws -> Void
  ) async throws {
    try await serving(
      [ServedModel(name: "swift-1", textEngine: engine)], meter: meter, configure: configure, test)
  }

  /// The port of the administration's listener, as the log tells it.
  func administrationPort() async -> Int {
    while true {
      let line = log.text.components(by: "\n").first { $0.contains("administration listens") }
      let digits = line?.components(by: "port=").last?.prefix(while: \.isNumber)
      if let port = digits.flatMap({ Int($0) }) { return port }
      await Task.yield()
    }
  }

  func get(_ path: String, headers: [String] = []) async throws -> HTTPAnswer {
    try await RawConnection.send(head("GET", path, headers), port: port)
  }

  /// Sends a JSON body.
  func post(_ path: String, _ body: String, headers: [String] = []) async throws -> HTTPAnswer {
    try await RawConnection.send(request(path, body, headers: headers), port: port)
  }

  func chat(_ body: JSONValue, headers: [String] = []) async throws -> HTTPAnswer {
    try await post("/v1/chat/completions", body.serialized(), headers: headers)
  }

  /// The bytes of a request with a JSON body.
  func request(_ path: String, _ body: String, headers: [String] = []) -> String {
    head(
      "POST", path,
      ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] + headers) + body
  }

  /// The bytes of a request's head, which asks the server to close the connection after it.
  func head(_ method: String, _ path: String, _ headers: [String] = []) -> String {
    (["\(method) \(path) HTTP/1.1", "Host: localhost:\(port)", "Connection: close"] + headers)
      .joined(separator: "\r\n") + "\r\n\r\n"
  }
}

/// A meter in a folder of its own, removed after the test.
func withMeter(
  configure: (inout MeterConfiguration) -> Void = { _ in },
  _ test: (Meter, UsageStore) async throws -> Void
) async throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("apus-server-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  var configuration = MeterConfiguration(folder: folder)
  configure(&configuration)
  let meter = try Meter(configuration)
  try await test(meter, meter.store)
  try await meter.close()
}

extension MeterClock {
  /// A clock by which limits see no time pass, however long a test takes.
  static var still: MeterClock {
    let now = MeterClock.system.monotonicNanoseconds()
    return MeterClock(
      monotonicNanoseconds: { now }, wallMilliseconds: MeterClock.system.wallMilliseconds)
  }
}
