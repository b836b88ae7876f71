// apus meter incident: what is done in an incident, one command each, and how it is taken back.

import ArgumentParser
import JSON
import Metering

struct MeterIncident: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incident",
    abstract: "Stop, drain, restart, restrict or isolate at once, and take it back.",
    discussion: """
      A running server follows within a second, and a measure that is open when it starts holds from \
      the start. Each is audited; who was affected gets a notice when it is resolved.
      """,
    subcommands: [
      Suspend.self, Drain.self, Restart.self, Restrict.self, Isolate.self, Resolve.self, List.self,
    ])

  struct Suspend: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop one account: its keys are refused and its answers end.")
    @Argument(help: "The account, by name or number.") var account: String
    @Option(help: "Why; by default security.") var reason: SuspensionReason?
    @Option(help: "Why it was not warned, where the reason needs that.") var override: ShortName?

    func run() throws {
      try Self.report { store in
        try store.takeSuspension(
          of: store.account(named: account).id, reason: reason ?? .security, override: override)
      }
    }
  }

  struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let running answers end, and refuse new requests with 503.")
    func run() throws { try Self.report { try $0.take(.drain) } }
  }

  struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let running answers end, then begin the server anew; that resolves it.")
    func run() throws { try Self.report { try $0.take(.restart) } }
  }

  struct Restrict: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Answer clients of these networks and nobody else.")
    @Option(
      help: ArgumentHelp(
        "A network such as 192.0.2.0/24; may be given again.", valueName: "network"))
    var cidr: [AddressRange]

    func run() throws { try Self.report { try $0.take(.restrict, ranges: cidr) } }
  }

  struct Isolate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Close the public listener and cut its connections; the administration's stays.")
    func run() throws { try Self.report { try $0.take(.isolate) } }
  }

  struct Resolve: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a measure back.")
    @Argument(help: "Its number.") var incident: Int64

    func run() throws {
      try Keys.withStore { try $0.resolve(incident) }
      Terminal.note("Incident \(incident) is over.")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the incidents, newest first.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let names = try ScopeNames(store)
        output.show(
          try store.incidents().map { incident in
            let whom = incident.account.map { names[.account($0)] }
            let what = incident.model.map { names[.model($0)] }
            let networks = incident.ranges.map(\.description).joined(separator: " ")
            return [
              "number": .integer(incident.id), "measure": .string("\(incident.measure)"),
              "of": .string(whom ?? what ?? networks),
              "from": .time(incident.startedMilliseconds),
              "until": .time(incident.endedMilliseconds),
            ]
          }, ifNone: "There was no incident.")
      }
    }
  }
}

extension ParsableCommand {
  /// Takes a measure and tells its number, on standard output for scripts.
  fileprivate static func report(_ take: (UsageStore) throws -> Int64) throws {
    let incident = try Keys.withStore(take)
    Terminal.writeLine("\(incident)")
    Terminal.note("'apus meter incident resolve \(incident)' takes it back.")
  }
}
