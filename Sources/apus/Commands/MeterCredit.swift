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
        An hour, in UTC, is paid in one way, and that in which this changes in the new one from \
        its beginning; in the first five minutes of an hour that is the one before. What was used \
        before counts as before: an invoice leaves out the hours in which an account paid in \
        advance. What is left of its credit stays to be paid back ('add' with an amount below 0), \
        and counts again where it pays in advance again.
        """)
    @Argument(help: "The account, by name or number.") var account: String
    @Argument(help: "When it pays.") var mode: BillingMode

    func run() throws {
      let left = try Keys.withStore { store in
        let id = try store.account(named: account).id
        try store.setMode(mode, of: id)
        return try store.creditLeft(of: id) ?? .zero
      }
      Terminal.note(
        "\(account) is \(mode)" + (left > .zero ? "; \(left) EUR of credit are left." : "."))
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Note money that came in, or went back, or a correction.",
      discussion: """
        No more goes back than is left; only a correction takes credit below zero. What is left \
        also goes back where the account pays in advance no more.
        """)
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
