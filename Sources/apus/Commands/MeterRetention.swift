// apus meter retention: what is kept for how long, and letting go of the rest.

import ArgumentParser
import JSON
import Metering

struct MeterRetention: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention", abstract: "Say how long things are kept, and let go of the rest.",
    subcommands: [Set.self, Show.self, DryRun.self, Run.self])

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Say for how long single requests, the audit trail and lines about clients are kept.")
    @Option(
      parsing: .unconditional, help: ArgumentHelp("Rows of single requests.", valueName: "months"))
    var events: Int64?
    @Option(parsing: .unconditional, help: ArgumentHelp("The audit trail.", valueName: "months"))
    var audit: Int64?
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Addresses and programs of clients.", valueName: "days"))
    var clients: Int64?
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Whole addresses; then networks alone.", valueName: "days"))
    var addresses: Int64?
    @OptionGroup var output: MeterOutput

    func validate() throws {
      if [events, audit, clients, addresses].allSatisfy({ $0 == nil }) {
        throw ValidationError("Give what is to be changed; 'apus meter retention show' shows it.")
      }
    }

    func run() throws {
      try Keys.withStore { store in
        var periods = try store.retentionPeriods()
        periods.eventMonths = events ?? periods.eventMonths
        periods.auditMonths = audit ?? periods.auditMonths
        periods.clientDays = clients ?? periods.clientDays
        periods.addressDays = addresses ?? periods.addressDays
        try store.setRetention(periods)
        output.show(periods.row)
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show how long things are kept.")
    @OptionGroup var output: MeterOutput
    func run() throws { output.show(try Keys.withStore { try $0.retentionPeriods().row }) }
  }

  struct DryRun: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dry-run", abstract: "Show what is over its time; changes nothing.")
    @OptionGroup var output: MeterOutput
    func run() throws { output.show(try Keys.withStore { try $0.retentionPlan().row }) }
  }

  struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let go of what is over its time. Run it monthly.",
      discussion: """
        The file of a month goes as a whole. Its sums stay, so that bills can be recounted, and \
        invoices stay.
        """)
    @OptionGroup var output: MeterOutput
    func run() throws { output.show(try Keys.withStore { try $0.runRetention().row }) }
  }
}

extension RetentionPeriods {
  fileprivate var row: JSONObject {
    [
      "event_months": .integer(eventMonths), "audit_months": .integer(auditMonths),
      "client_days": .integer(clientDays), "address_days": .integer(addressDays),
    ]
  }
}

extension RetentionPlan {
  fileprivate var row: JSONObject {
    [
      "months": .array(months.map { .string("\($0)") }), "bytes": .integer(bytes),
      "audit_entries": .integer(Int64(auditEntries)),
      "days": .array(days.map { .string("\($0)") }),
    ]
  }
}

extension MeterAccount {
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print everything that is kept of an account, as JSON.")
    @Argument(help: "The account, by name or number.") var account: String

    func run() throws {
      let export = try Keys.withStore { try $0.export($0.account(named: account).id) }
      Terminal.writeLine(String(decoding: try export.encoded(), as: UTF8.self))
    }
  }

  struct Erase: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Erase who a closed account was; numbers and issued invoices stay.",
      discussion: "Backups keep what they hold until you let them go.")
    @Argument(help: "The account, by name or number.") var account: String
    @Flag(help: "Give up what it owes for months without an invoice.") var waiveUnbilled = false
    @Flag(help: "Keep what is left of its credit, which nobody can pay back then.")
    var keepCredit = false

    func run() throws {
      try Keys.withStore {
        try $0.erase(
          $0.account(named: account).id, waivesUnbilled: waiveUnbilled, keepsCredit: keepCredit)
      }
      Terminal.note("The account is erased.")
    }
  }
}
