// A server with keys, limits and a ledger in front of a model that answers at once.
//
//     StubServer FOLDER [tokens=16] [beat=MICROSECONDS] [role=service] [name=value ...]
//
// FOLDER takes the ledger. `role` is the key's. Other names are settings of `apus serve`. Prints the address, a space
// and a key, and serves until SIGTERM.

import APIServer
import Foundation
import Logging
import Metering

@main
enum StubServer {
  static func main() async throws {
    var settings = ServerSettings()
    try settings.set("port", to: "0", from: .standard, place: "default")
    var (tokens, beat, role) = (16, nil as Beat?, KeyRole.service)
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
      case "role": role = KeyRole.allCases.first { $0.word == value } ?? role
      default: try settings.set(name, to: value, from: .flag, place: name)
      }
    }
    let meter = try Meter(MeterConfiguration(folder: folder))
    guard let label = ShortName("overhead"),
      let rate = LimitRule.requestLimit(perMinute: 100_000_000)
    else { return }
    let key = try meter.store.createKey(
      label: label, role: role, limits: LimitRule(requests: rate))
    // The server's own log handler, so that writing lines is part of what is measured.
    let logger = Logger(label: "apus", factory: { LineLog(label: $0) })
    let server = try Server(
      models: [ServedModel(name: "stub", textEngine: StubEngine(tokens: tokens, beat: beat))],
      meter: meter, configuration: settings.configuration, logger: logger
    ) { address in
      FileHandle.standardOutput.write(Data("\(address) \(key.text)\n".utf8))
    }
    try await server.runUntilSignalled()
    try await meter.close()
  }
}
