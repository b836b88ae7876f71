// apus meter invoice, apus meter dispute: what is owed, paid, taken back and argued about.

import ArgumentParser
import JSON
import Metering

struct MeterInvoice: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invoice", abstract: "Draw up, issue, show, credit and collect invoices.",
    subcommands: [
      Draft.self, Issue.self, List.self, Show.self, Pay.self, Credit.self, Dun.self,
    ])

  struct Draft: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show what an account owes for a month as it stands; issues nothing.")
    @Argument(help: "The account, by name or number.") var account: String
    @Option(help: "The month, as 2026-11; by default the one that goes on.") var month: UTCMonth?
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let month = try month ?? store.billingMonth()
        let draft = try store.draftInvoice(
          account: store.account(named: account).id, month: month)
        let models = try store.modelNames()
        let rows = draft.lines.map { line -> JSONObject in
          [
            "model": .string(models[line.model]?.text ?? "-"), "meter": .string("\(line.meter)"),
            "units": .integer(line.units), "exact_eur": .money(line.exact),
            "not_charged_eur": .money(line.notCharged),
            "net_eur": .string(centsText(line.netCents)),
          ]
        }
        output.show(rows, ifNone: "Nothing is owed for \(month).")
        Terminal.note(
          "Net \(centsText(draft.netCents)), tax \(centsText(draft.taxCents)), "
            + "total \(centsText(draft.grossCents)) EUR.")
      }
    }
  }

  struct Issue: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Issue the invoices of a month that is over; a second time changes nothing.")
    @Option(help: "The month, as 2026-11; by default the last one.") var month: UTCMonth?
    @Option(help: "Only this account, by name or number.") var account: String?
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let accounts = try account.map { [try store.account(named: $0)] } ?? store.accounts()
        let month = try month ?? store.billingMonth().previous
        var issued: [InvoiceRecord] = []
        var failures: [String] = []
        // One account that cannot be billed yet keeps nobody else from being billed.
        for account in accounts {
          do {
            if let invoice = try store.issueInvoice(account: account.id, month: month) {
              issued.append(invoice)
            }
          } catch {
            failures.append("\(account.name): \(error)")
          }
        }
        if failures.isEmpty || !issued.isEmpty {
          output.show(
            try issued.rows(store), ifNone: "Nobody owes anything for \(month).")
        }
        guard !failures.isEmpty else { return }
        guard !issued.isEmpty else {
          throw CommandError(
            .unusableInput, "not billed: \(failures.joined(separator: "; "))")
        }
        // What was issued is told with what was not.
        for failure in failures { Terminal.note("Not billed: \(failure)") }
        throw ExitCode.failure
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List invoices and credit notes.")
    @Option(help: "Only this account, by name or number.") var account: String?
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let only = try account.map { try store.account(named: $0).id }
        output.show(
          try store.invoices(account: only).rows(store), ifNone: "No invoice was issued yet.")
      }
    }
  }

  enum Form: String, ExpressibleByArgument, CaseIterable { case json, html, ubl }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a document: as JSON, as a page, or as an electronic invoice (EN 16931).")
    @Argument(help: "Its number.") var number: String
    @Option(help: "json, html or ubl.") var form = Form.json

    func run() throws {
      let document = try Keys.withStore { try $0.invoice(number).document }
      switch form {
      case .json: Terminal.writeLine(String(decoding: try document.encoded(), as: UTF8.self))
      case .html: Terminal.write(document.html)
      case .ubl: Terminal.write(document.ubl)
      }
    }
  }

  struct Pay: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Note a payment; the last one owed lets a stopped account go on.",
      discussion: """
        What was paid of lines that a credit note takes back is 'overpaid' in the list, and is \
        noted here with an amount below 0 when it goes back.
        """)
    @Argument(help: "The invoice's number.") var number: String
    @Option(
      parsing: .unconditional, help: "How much, in euros; below 0 for what went back.")
    var eur: PicoEuro
    @Option(help: "What the bank says of it.") var reference = ""
    @OptionGroup var output: MeterOutput

    func validate() throws {
      guard PicoEuro(cents: eur.roundedCents) == eur, eur != .zero else {
        throw ValidationError("--eur takes whole cents, as 12.50, and not 0.")
      }
    }

    func run() throws {
      try Keys.withStore { store in
        try store.pay(number, cents: eur.roundedCents, reference: reference)
        output.show(try [store.invoice(number)].rows(store), ifNone: "")
      }
    }
  }

  struct Credit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take an invoice, or lines of it, back with a credit note; each line once.")
    @Argument(help: "The invoice's number.") var number: String
    @Option(help: "A line that is taken back; repeat for more, without it all that are left are.")
    var line: [Int] = []
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let lines = line.isEmpty ? nil : Set(line)
        output.show(try [store.creditInvoice(number, lines: lines)].rows(store), ifNone: "")
      }
    }
  }

  struct Dun: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the next step with overdue invoices: reminder, warning, suspension.",
      discussion: """
        Run it daily. A reminder comes a day after the due date, a warning 14 days after it, a \
        suspension 28 days after it, and a week lies between two steps at least.
        """)
    @OptionGroup var output: MeterOutput

    func run() throws {
      let steps = try Keys.withStore { try $0.dun() }
      output.show(
        steps.map { ["invoice": .string($0.number), "step": .string("\($0.stage)")] },
        ifNone: "There is nothing to do.")
    }
  }
}

struct MeterDispute: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispute", abstract: "Open, decide and list disputes over lines of invoices.",
    subcommands: [Open.self, Evidence.self, Resolve.self, List.self])

  struct Open: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Note that a customer disputes a line, within 30 days of the invoice.")
    @Argument(help: "The invoice's number.") var number: String
    @Option(parsing: .unconditional, help: "The line.") var line: Int
    @OptionGroup var output: MeterOutput

    func run() throws {
      output.show(try Keys.withStore { try $0.openDispute(number, line: line).row })
    }
  }

  struct Evidence: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the receipts of the requests that a disputed line adds up, one a line.",
      discussion: "'apus verify receipt' checks them all, and the customer counts again with each.")
    @Argument(help: "The dispute's number.") var dispute: Int64

    func run() throws {
      for receipt in try Keys.withStore({ try $0.evidence(of: dispute) }) {
        Terminal.writeLine(String(decoding: try receipt.encoded(), as: UTF8.self))
      }
    }
  }

  struct Resolve: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Decide a dispute.")
    @Argument(help: "The dispute's number.") var dispute: Int64
    @Flag(help: "The customer was right; 'apus meter invoice credit --line' takes the line back.")
    var upheld = false

    func run() throws {
      try Keys.withStore { try $0.resolveDispute(dispute, as: upheld ? .upheld : .rejected) }
      Terminal.note("Dispute \(dispute) is \(upheld ? "upheld" : "rejected").")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the disputes.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let disputes = try Keys.withStore { try $0.disputes() }
      output.show(disputes.map(\.row), ifNone: "There are no disputes.")
    }
  }
}

extension UsageStore {
  /// The month that goes on in the time zone of invoices, which is not always that of UTC.
  fileprivate func billingMonth() throws -> UTCMonth {
    try billingSettings().zone.month(wallMilliseconds: MeterClock.system.wallMilliseconds())
  }
}

extension DisputeRecord {
  fileprivate var row: JSONObject {
    [
      "dispute": .integer(id), "invoice": .string(number), "line": .integer(Int64(line)),
      "eur": .string(centsText(cents)), "state": .string("\(state)"),
      "opened": .time(openedMilliseconds),
    ]
  }
}

extension [InvoiceRecord] {
  fileprivate func rows(_ store: UsageStore) throws -> [JSONObject] {
    let names = try ScopeNames(store)
    let now = MeterClock.system.wallMilliseconds()
    return map { invoice in
      [
        "number": .string(invoice.document.number),
        "kind": .string(invoice.document.kind.rawValue),
        "account": .string(names[.account(invoice.account)]),
        "month": .string(invoice.document.month), "issued": .string(invoice.document.issued),
        "due": .string(invoice.document.due),
        "total_eur": .string(centsText(invoice.document.grossCents)),
        "open_eur": .string(centsText(invoice.openCents)),
        "overpaid_eur": .string(centsText(invoice.overpaidCents)),
        "state": .string(invoice.state(at: now).rawValue),
      ]
    }
  }
}
