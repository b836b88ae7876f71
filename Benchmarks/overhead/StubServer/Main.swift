// A server with keys, limits and a ledger in front of a model that answers at once.
//
//     StubServer FOLDER [tokens=16] [beat=MICROSECONDS] [role=service] [metering=on] [model=FILE] [threads=N]
//         [name=value ...]
//
// FOLDER takes the ledger. `role` is the key's. `metering=off` leaves out the key, the limits and the ledger. `model`
// puts a real engine in the place of the one that answers at once, with as many threads as it has cores or as `threads`
// says. Other names are settings of `apus serve`. Prints the address, a space and a key, and serves until SIGTERM.

import APIServer
import Foundation
import Logging
import Metering
import Transformer

@main
enum StubServer {
  static func main() async throws {
    var settings = ServerSettings()
    try settings.set("port", to: "0", from: .standard, place: "default")
    var (tokens, beat, role) = (16, nil as Beat?, KeyRole.service)
    var isMetering = true
    var model: String?
    var engine = ModelOptions()
    let arguments = CommandLine.arguments.dropFirst()
    guard let folder = arguments.first else {
      return print("usage: StubServer FOLDER [name=value ...]")
    }
    for argument in arguments.dropFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      let (name, value) = (parts[0], parts.count > 1 ? parts[1] : "")
      switch name {
      case "tokens": tokens = Int(value) ?? tokens
      case "beat": beat = Int(value).map { Beat(every: .microseconds($0)) }
      case "metering": isMetering = value != "off"
      case "model": model = value
      case "threads": engine.threadCount = Int(value)
      case "role": role = KeyRole.allCases.first { $0.word == value } ?? role
      default: try settings.set(name, to: value, from: .flag, place: name)
      }
    }
    let served =
      if let model {
        ServedModel(name: "stub", engine: try Engine(try Model.load(model, options: engine)))
      } else {
        ServedModel(name: "stub", textEngine: StubEngine(tokens: tokens, beat: beat))
      }
    let (meter, key) = isMetering ? try metering(folder, role: role) : (nil, "none")
    // The server's own log handler, so that writing lines is part of what is measured.
    let logger = Logger(label: "apus", factory: { LineLog(label: $0) })
    let server = try Server(
      models: [served], meter: meter, configuration: settings.configuration, logger: logger
    ) { address in
      FileHandle.standardOutput.write(Data("\(address) \(key)\n".utf8))
    }
    try await server.runUntilSignalled()
    try await meter?.close()
  }

  /// A meter with one key, whose limit is out of reach.
  private static func metering(_ folder: String, role: KeyRole) throws -> (Meter, key: String) {
    let meter = try Meter(MeterConfiguration(folder: folder))
    let rate = LimitRule.requestLimit(perMinute: 100_000_000)!
    let key = try meter.store.createKey(
      label: ShortName("overhead")!, role: role, limits: LimitRule(requests: rate))
    return (meter, key.text)
  }
}
