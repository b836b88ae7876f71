// apus meter invoice: what is owed, paid and taken back.

import ArgumentParser
import JSON
import Metering

struct MeterInvoice: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invoice", abstract: "Draw up, issue, show, credit and collect invoices.",
    subcommands: [
      Draft.self, Issue.self, List.self, Show.self, Pay.self, Payments.self, Credit.self, Dun.self,
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
            "month": .string("\(line.month ?? month)"),
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
        noted here with an amount below 0 when it goes back. A payment that did not hold is taken \
        back with --reverse and its number, which 'apus meter invoice payments' shows.
        """)
    @Argument(help: "The invoice's number.") var number: String
    @Option(
      parsing: .unconditional, help: "How much, in euros; below 0 for what went back.")
    var eur: PicoEuro?
    @Option(
      help: ArgumentHelp("Take this payment back instead of noting one.", valueName: "payment"))
    var reverse: Int64?
    @Option(help: "What the bank says of it.") var reference = ""
    @Option(help: "The day on which it was paid, as 2027-01-31; by default today.")
    var on: PastMoment?
    @Flag(help: "Take more than is owed; the rest is the customer's, and goes back.")
    var overpayment = false
    @OptionGroup var output: MeterOutput

    func validate() throws {
      guard (eur == nil) != (reverse == nil) else {
        throw ValidationError("Give --eur for a payment, or --reverse for one that did not hold.")
      }
      if let eur, PicoEuro(cents: eur.roundedCents) != eur || eur == .zero {
        throw ValidationError("--eur takes whole cents, as 12.50, and not 0.")
      }
      guard !overpayment || eur.map({ $0 > .zero }) == true else {
        throw ValidationError("--overpayment is for payments.")
      }
    }

    func run() throws {
      let day = on.map { CivilDate(dayNumber: $0.wallMilliseconds / 86_400_000) }
      try Keys.withStore { store in
        if let reverse {
          try store.reversePayment(reverse, of: number, reference: reference, on: day)
        } else if let eur {
          try store.pay(
            number, cents: eur.roundedCents, reference: reference, on: day,
            mayOverpay: overpayment)
        }
        output.show(try [store.invoice(number)].rows(store), ifNone: "")
      }
    }
  }

  struct Payments: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List what was paid of an invoice, and what of that was taken back.")
    @Argument(help: "The invoice's number.") var number: String
    @OptionGroup var output: MeterOutput

    func run() throws {
      let payments = try Keys.withStore { try $0.payments(of: number) }
      output.show(
        payments.map {
          [
            "payment": .integer($0.id), "eur": .string(centsText($0.cents)),
            "paid": .time($0.paidMilliseconds), "noted": .time($0.notedMilliseconds),
            "reference": .string($0.reference),
            "reverses": $0.reverses.map { .integer($0) } ?? .null,
          ]
        }, ifNone: "Nothing was paid of it yet.")
    }
  }

  struct Credit: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take an invoice, or lines of it, back with a credit note; each line once.",
      discussion: """
        Of a month whose invoice is taken back whole, 'apus meter invoice issue' issues another, \
        to the buyer and at the tax that hold then; with --waive, or where the customer was right \
        about a line, none.
        """)
    @Argument(help: "The invoice's number.") var number: String
    @Option(help: "A line that is taken back; repeat for more, without it all that are left are.")
    var line: [Int] = []
    @Flag(help: "Give the month up: nothing of it is billed again.") var waive = false
    @OptionGroup var output: MeterOutput

    func run() throws {
      try Keys.withStore { store in
        let lines = line.isEmpty ? nil : Set(line)
        let note = try store.creditInvoice(number, lines: lines, waivesMonth: waive)
        output.show(try [note].rows(store), ifNone: "")
      }
    }
  }

  struct Dun: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the next step with overdue invoices: reminder, warning, suspension.",
      discussion: """
        Run it daily. A reminder comes a day after the due date, a warning 14 days after it, a \
        suspension 28 days after it, and a week lies between two steps at least. Whoever goes on \
        without having paid is warned again a week later.

        Nobody is suspended whose warning was not sent to anybody by mail: such a step is \
        'blocked'. A webhook is yours and not the customer's. Where customers are told in another \
        way, --without-delivery says so.
        """)
    @Flag(help: "Suspend also where no mail with the warning was sent.")
    var withoutDelivery = false
    @OptionGroup var output: MeterOutput

    func run() throws {
      let steps = try Keys.withStore { try $0.dun(withoutDelivery: withoutDelivery) }
      output.show(
        steps.map {
          [
            "invoice": .string($0.number), "step": .string("\($0.stage)"),
            "state": .string($0.isBlocked ? "blocked" : "taken"),
          ]
        }, ifNone: "There is nothing to do.")
    }
  }
}

extension UsageStore {
  /// The month that goes on in the time zone of invoices, which is not always that of UTC.
  fileprivate func billingMonth() throws -> UTCMonth {
    try billingSettings().zone.month(wallMilliseconds: MeterClock.system.wallMilliseconds())
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
