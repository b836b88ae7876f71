// Usage that is written down when the invoice of its month is out.

import GRDB
import Metering
import Testing

@Suite struct LateUsageTests {
  private let day: Int64 = 86_400_000
  private let january = UTCMonth(wallMilliseconds: newYear2028)
  private var february: UTCMonth { january.next }

  /// January's invoice of ten tokens in and five out, and seven out that came behind it.
  private func late() async throws -> (BillingBench, InvoiceRecord) {
    let (billing, invoice) = try await BillingBench.issued()
    billing.clock.jump(wallMilliseconds: -5 * day)
    try await billing.use(7)
    billing.clock.jump(wallMilliseconds: 5 * day)
    return (billing, invoice)
  }

  private func findings(_ billing: BillingBench) throws -> [LedgerFinding.State] {
    try billing.store.examine().filter { $0.subject == "bills" }.map(\.state)
  }

  @Test func itIsNamedAndIsOnTheNextInvoiceOnce() async throws {
    let (billing, first) = try await late()
    let (store, account) = (billing.store, billing.account)
    let faults = try store.reconcile().draftFaults
    #expect(faults.map(\.month) == [january] && faults.map(\.isBillable) == [true])
    #expect(faults.first?.text.contains("17 units") == true)
    #expect(faults.first?.text.contains("A-000001") == true)
    #expect(faults.first?.text.contains("2028-02") == true)
    #expect(try findings(billing) == [.advice])

    try await billing.use(1)
    let draft = try store.draftInvoice(account: account, month: february)
    #expect(draft.lines.map(\.units) == [10, 1, 10, 7])
    #expect(draft.lines.map(\.month) == [nil, nil, january, january])
    // Only one month's invoice bears it.
    #expect(try store.draftInvoice(account: account, month: february.next).lines.isEmpty)
    #expect(try store.unbilledMonths(of: account) == [february])
    #expect(try store.issueInvoice(account: account, month: january) == first)

    billing.go(to: newYear2028 + 61 * day)
    let second = try #require(try store.issueInvoice(account: account, month: february))
    #expect(second.document.lines.map(\.units) == [10, 1, 10, 7])
    #expect(second.document.lines.map(\.month) == [nil, nil, "2028-01", "2028-01"])
    #expect(second.document.html.contains("tiny: output tokens (2028-01)"))
    #expect(second.document.ubl.contains("tiny: output tokens (2028-01)"))
    #expect(try store.issueInvoice(account: account, month: february) == second)
    #expect(try store.draftInvoice(account: account, month: february.next).lines.isEmpty)
    #expect(try store.unbilledMonths(of: account).isEmpty)
    #expect(try store.draftFaults().isEmpty && store.reconcile().draftFaults.isEmpty)
    #expect(try findings(billing) == [.good])
    // What is disputed of it is shown with all requests of its month.
    let dispute = try store.openDispute(second.document.number, line: 4)
    let evidence = try store.evidence(of: dispute.id)
    #expect(evidence.map(\.body.completionTokens) == [5, 7])
  }

  /// Whichever invoice is made again, each unit is on one of those that hold.
  @Test func itIsBilledOnceHoweverInvoicesAreMadeAgain() async throws {
    let (billing, _) = try await late()
    let (store, account) = (billing.store, billing.account)
    try await billing.use(1)
    billing.go(to: newYear2028 + 61 * day)
    _ = try store.issueInvoice(account: account, month: february)
    func output() throws -> Int64 {
      try store.invoices().filter { $0.document.kind == .invoice && !$0.isTakenBack }
        .flatMap(\.document.lines).filter { $0.meter == "output tokens" }.map(\.units)
        .reduce(0, +)
    }
    #expect(try output() == 13)
    for (month, lines) in [
      (january, [10, 5]), (february, [10, 1, 10, 7]), (january, [10, 5]),
    ] as [(UTCMonth, [Int64])] {
      let current = try #require(try store.issueInvoice(account: account, month: month))
      _ = try store.creditInvoice(current.document.number)
      let again = try #require(try store.issueInvoice(account: account, month: month))
      #expect(again.document.number != current.document.number)
      #expect(again.document.lines.map(\.units) == lines)
      #expect(try output() == 13)
      #expect(try store.draftFaults().isEmpty)
    }
  }

  /// An account that uses nothing any more is billed for it all the same.
  @Test func itHasAnInvoiceOfItsOwnWhereNothingElseIsOwed() async throws {
    let (billing, _) = try await late()
    billing.go(to: newYear2028 + 100 * day)
    #expect(try billing.store.unbilledMonths(of: billing.account) == [february])
    let invoice = try billing.store.issueInvoice(account: billing.account, month: february)
    #expect(invoice?.document.lines.map(\.units) == [10, 7])
    #expect(try billing.store.unbilledMonths(of: billing.account).isEmpty)
  }

  @Test func unitsThatNoRequestHasAnyMoreAreNamed() async throws {
    let (billing, _) = try await BillingBench.issued()
    let database = try DatabaseQueue(path: "\(billing.bench.folder.path)/events-2028-01.db")
    try await database.write {
      try $0.execute(
        sql: """
          UPDATE event SET out_tok = out_tok - 1, cost_p = cost_p - 333333333333;
          UPDATE rollup_hour SET out_tok = out_tok - 1, cost_p = cost_p - 333333333333
          """)
    }
    try database.close()
    let faults = try billing.store.reconcile().draftFaults
    #expect(faults.map(\.isBillable) == [false] && faults.map(\.month) == [january])
    #expect(faults.first?.text.contains("has 1 units") == true)
    #expect(try findings(billing) == [.broken])
    let draft = try billing.store.draftInvoice(account: billing.account, month: february)
    #expect(draft.lines.isEmpty)
  }
}
