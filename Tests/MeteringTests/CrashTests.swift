// A server that is killed at random moments, a disk that is full, a clock that jumps: the ledger
// says what the clients saw.
//
// The process that is killed is this test program itself, run again for one test that writes until
// its end. It notes every request whose end its client saw in a journal; a line is written by one
// system call, so it is there also after a kill.

import Foundation
import GRDB
import Metering
import Testing

/// The folder that a child works in; nil in the process that people start.
private let childFolder = ProcessInfo.processInfo.environment["APUS_CRASH_FOLDER"]
private let isSlow = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"

@Suite(.serialized) struct CrashTests {
  private static func settlement(_ prompt: Int64) -> Settlement {
    Settlement(
      usage: TokenUsage(promptTokens: prompt, completionTokens: prompt % 97), status: .completed,
      httpStatus: 200, latency: .milliseconds(1))
  }

  /// The child: serves until it is killed.
  @Test(.enabled(if: childFolder != nil, "runs in a child of the tests only"))
  func childServesUntilItIsKilled() async throws {
    let folder = try #require(childFolder)
    let journal = open("\(folder)/journal", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    try #require(journal >= 0)
    let meter = try Meter(MeterConfiguration(folder: folder + "/data"))
    let model = try meter.modelID(name("tiny"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<8 as Range<Int64> {
        group.addTask {
          for count in 1... as PartialRangeFrom<Int64> {
            let lease = try meter.admit(
              .local,
              AdmissionRequest(
                model: model, kind: .chat, promptTokens: count, contextLeft: 1000))
            let id = lease.requestID
            try await lease.opened()
            if (count + worker) % 3 == 0 { _ = lease.advance(completionTokens: 300) }
            try await lease.settle(Self.settlement(count))
            let line = Array("\(id) \(count)\n".utf8)
            _ = write(journal, line, line.count)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// The child: serves with room for some rows only, then with more.
  @Test(.enabled(if: childFolder != nil, "runs in a child of the tests only"))
  func childServesOnAFullDisk() async throws {
    let folder = try #require(childFolder)
    signal(SIGXFSZ, SIG_IGN)
    let meter = try Meter(MeterConfiguration(folder: folder + "/data"))
    let model = try meter.modelID(name("tiny"))
    let request = AdmissionRequest(model: model, kind: .chat, promptTokens: 7, contextLeft: 1000)
    var seen = Set<RequestID>()
    func serve() async throws(MeterError) {
      let lease = try meter.admit(.local, request)
      let id = lease.requestID
      try await lease.opened()
      try await lease.settle(Self.settlement(7))
      seen.insert(id)
    }
    try await serve()
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    var small = limit
    small.rlim_cur = 256 << 10
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &small)
    var refusal: MeterError?
    while refusal == nil {
      do throws(MeterError) { try await serve() } catch { refusal = error }
      try #require(seen.count < 100_000)
    }
    #expect(refusal == .serverIsOverloaded())
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let before = seen.count
    // The disk is tried again a second later.
    while seen.count == before {
      do throws(MeterError) { try await serve() } catch { await Task.yield() }
    }
    try await meter.close()
    let store = try UsageStore(folder: folder + "/data", mode: .administering)
    let month = UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
    let rows = try store.usageRows(month: month, limit: .max)
    let charged = rows.filter { $0.isBillable }.map(\.requestID)
    #expect(Set(charged) == seen && charged.count == seen.count)
    let (events, rollups) = try store.sums(month: month)
    #expect(events == rollups)
    try Data().write(to: URL(fileURLWithPath: folder + "/done"))
  }

  @Test(.enabled(if: childFolder == nil && CrashTests.canRunItself, "needs a program to run again"))
  func killedAtRandomMomentsTheLedgerEqualsWhatClientsSaw() async throws {
    try await inFolder { folder in
      var generator = SeededGenerator(seed: 9)
      for _ in 0..<(isSlow ? 1000 : 12) {
        let child = try Self.child("childServesUntilItIsKilled", folder: folder)
        let lines = Int.random(in: 0...300, using: &generator)
        let start = Self.size(of: folder + "/journal")
        // A line is about 40 bytes.
        while child.isRunning, Self.size(of: folder + "/journal") < start + lines * 40 {
          usleep(500)
        }
        kill(child.processIdentifier, SIGKILL)
        child.waitUntilExit()
        #expect(child.terminationReason == .uncaughtSignal)
      }
      try await Self.compare(folder)
    }
  }

  @Test(.enabled(if: childFolder == nil && CrashTests.canRunItself, "needs a program to run again"))
  func aFullDiskRefusesChargesNobodyAndIsLeftBehind() async throws {
    try await inFolder { folder in
      let child = try Self.child("childServesOnAFullDisk", folder: folder)
      child.waitUntilExit()
      #expect(child.terminationStatus == 0 && child.terminationReason == .exit)
      #expect(FileManager.default.fileExists(atPath: folder + "/done"))
    }
  }

  @Test(arguments: [-86_400_000, -1, 1, 86_400_000, 40 * 86_400_000] as [Int64])
  func aClockThatJumpsLosesAndDoublesNothing(jump: Int64) async throws {
    let bench = try MeterBench {
      $0.keyLimits = LimitRule(requests: RateLimit(perMinute: 60, burst: 1))
    }
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    let first = LeaseHolder(try bench.meter.admit(who, bench.request()))
    bench.clock.jump(wallMilliseconds: jump)
    // Limits run on the other clock: no jump gives a request away.
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      }?.code == .rateLimitExceeded)
    try await first.take()?.settle(completed())
    bench.clock.advance(.seconds(1))
    try await bench.meter.admit(who, bench.request()).settle(completed())
    var sums = LedgerSums()
    for month in try bench.meter.store.months() {
      let (events, rollups) = try bench.meter.store.sums(month: month)
      #expect(events == rollups)
      sums = try sums.adding(events)
    }
    #expect(sums.requests == 2)
  }

  // MARK: - The parent's side

  /// Whether the tests are a program of their own, as SwiftPM builds them outside of macOS.
  private static let canRunItself: Bool = {
    #if os(Linux)
      true
    #else
      false
    #endif
  }()

  private static func child(_ test: String, folder: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = Array(CommandLine.arguments.dropFirst().filter { $0.hasSuffix(".xctest") })
    process.arguments? += ["--testing-library", "swift-testing", "--filter", "CrashTests/\(test)"]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["APUS_CRASH_FOLDER": folder]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private func inFolder(_ body: (String) async throws -> Void) async throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path, withIntermediateDirectories: true)
    try await body(folder.path)
    _ = folder
  }

  /// The rows against the journal: every request whose end a client saw is there once, billed, with
  /// its numbers; every other is either complete or aborted and free.
  private static func compare(_ folder: String) async throws {
    let meter = try Meter(MeterConfiguration(folder: folder + "/data"))
    var rows: [RequestID: UsageRow] = [:]
    for month in try meter.store.months() {
      for row in try meter.store.usageRows(month: month, limit: .max) {
        #expect(rows.updateValue(row, forKey: row.requestID) == nil)
      }
      let (events, rollups) = try meter.store.sums(month: month)
      #expect(events == rollups)
      let database = try DatabaseQueue(path: "\(folder)/data/events-\(month).db")
      let integrity = try await database.read {
        try String.fetchOne($0, sql: "PRAGMA integrity_check")
      }
      #expect(integrity == "ok")
      let open = try await database.read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM open_request")
      }
      #expect(open == 0)
      try database.close()
    }
    let byID = Dictionary(
      uniqueKeysWithValues: rows.map { ($0.key.description, $0.value) })
    let journal = try String(contentsOfFile: folder + "/journal", encoding: .utf8)
    let lines = journal.split(separator: "\n")
    #expect(!lines.isEmpty)
    for line in lines {
      let fields = line.split(separator: " ")
      let row = byID[String(fields[0])]
      let prompt = Int64(fields[1])
      if row?.status != .completed || row?.isBillable != true || row?.usage.promptTokens != prompt
        || row?.usage.completionTokens != prompt.map({ $0 % 97 })
      {
        Issue.record("the ledger does not hold what a client saw")
      }
    }
    for row in rows.values where row.status != .completed {
      #expect(row.status == .abortedByCrash && !row.isBillable && row.cost == .zero)
    }
    try await meter.close()
  }
}
