// apus meter credit: accounts that pay in advance.

import ArgumentParser
import JSON
import Metering

struct MeterCredit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credit", abstract: "Let accounts pay in advance, and keep their credit.",
    subcommands: [Mode.self, Add.self, Show.self])

  struct Mode: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whether an account pays in advance or once a month.",
      discussion: """
        What was used before counts as before: an invoice leaves out the hours in which an account \
        paid in advance.
        """)
    @Argument(help: "The account, by name or number.") var account: String
    @Argument(help: "When it pays.") var mode: BillingMode

    func run() throws {
      try Keys.withStore { try $0.setMode(mode, of: $0.account(named: account).id) }
      Terminal.note("\(account) is \(mode).")
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Note money that came in, or went back, or a correction.")
    @Argument(help: "The account, by name or number.") var account: String
    @Option(parsing: .unconditional, help: "The amount, in euros; below 0 for a refund.")
    var eur: PicoEuro
    @Option(help: "A number of the payment or the like.") var reference: ShortName?
    @Flag(help: "It is a correction, not money.") var correction = false
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let account = try store.account(named: account).id
        let kind: CreditKind = correction ? .adjustment : eur < .zero ? .refund : .topUp
        try store.addCredit(kind, eur, reference: reference, to: account)
        output.show(["left_eur": .money(try store.creditLeft(of: account))])
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the lines of an account's credit, the last line being what is left.")
    @Argument(help: "The account, by name or number.") var account: String
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let account = try store.account(named: account).id
        var rows = try store.credit(of: account).map { entry -> JSONObject in
          [
            "number": .integer(entry.number), "time": .time(entry.atMilliseconds),
            "kind": .string("\(entry.kind)"), "eur": .money(entry.amount),
            "reference": .string(entry.reference),
          ]
        }
        if let left = try store.creditLeft(of: account) {
          rows.append([
            "number": .null, "time": .null, "kind": "left", "eur": .money(left), "reference": "",
          ])
        }
        output.show(rows, ifNone: "The account never paid in advance.")
      }
    }
  }
}

extension BillingMode: ExpressibleByArgument {
  public init?(argument: String) {
    guard let mode = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = mode
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}
