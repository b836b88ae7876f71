// Bills of months whose requests were charged something else than their units come to.

import GRDB
import Metering
import Testing

@Suite struct DraftTests {
  private let month = UTCMonth(wallMilliseconds: newYear2028)

  /// A customer of January whose rows were changed, on the second of February.
  private func changed(by difference: Int64) async throws -> BillingBench {
    let billing = try BillingBench(start: newYear2028)
    try await billing.use(50)
    try await billing.use(3)
    let database = try DatabaseQueue(path: "\(billing.bench.folder.path)/events-2028-01.db")
    try await database.write { db in
      try db.execute(
        sql: "UPDATE event SET cost_p = cost_p + ? WHERE seq = 1", arguments: [difference])
      try db.execute(sql: "UPDATE rollup_hour SET cost_p = cost_p + ?", arguments: [difference])
    }
    try database.close()
    billing.go(to: newYear2028 + 32 * 86_400_000)
    return billing
  }

  private func findings(_ billing: BillingBench) throws -> [LedgerFinding] {
    try billing.store.examine().filter { $0.subject == "bills" }
  }

  @Test(
    arguments: [6, 9_000_000_000, 333_333_333_333, 17_666_666_666_649, 18_000_000_000_000]
      as [Int64])
  func whoWasChargedLessThanTheirUnitsPaysThat(less: Int64) async throws {
    let billing = try await changed(by: -less)
    let store = billing.store
    let charged = 20 * 200_000_000_000 + 53 * 333_333_333_333 - less
    let draft = try store.draftInvoice(account: billing.account, month: month)
    #expect(draft.lines.map(\.units) == [20, 53])
    #expect(draft.lines.map(\.exact.rawValue).reduce(0, +) == charged)
    #expect(draft.notCharged == MoneySum(rawValue: Int128(less)))
    for line in draft.lines {
      #expect(line.exact.rawValue + line.notCharged.rawValue == line.units * line.unitPrice)
    }
    let faults = try store.draftFaults()
    #expect(faults.map(\.month) == [month] && faults.map(\.isBillable) == [true])
    #expect(try store.reconcile().draftFaults == faults)
    #expect(try findings(billing).map(\.state) == [.advice])

    var costs: [PicoEuro] = []
    try store.exportUsage(of: billing.account, month: month, as: .focus) { line in
      if let cost = PicoEuro(line.prefix { $0 != "," }) { costs.append(cost) }
    }
    #expect(costs.map(\.rawValue).reduce(0, +) == charged)
    #expect(costs.last?.rawValue == -less)

    // The paper adds up, and says what was taken off.
    let invoice = try #require(
      try store.issueInvoice(account: billing.account, month: month))
    let note = try store.creditInvoice(invoice.document.number, waivesMonth: true)
    for document in [invoice.document, note.document] {
      #expect(try InvoiceDocument(encoded: document.encoded()) == document)
      for (line, exact) in zip(document.lines, draft.lines) {
        let full = try PicoEuro(rawValue: line.price).times(line.units).roundedCents
        #expect(line.netCents == full - (line.allowanceCents ?? 0))
        #expect(line.netCents == exact.exact.roundedCents)
      }
      let root = document.kind == .invoice ? "Invoice" : "CreditNote"
      let allowances = document.lines.compactMap(\.allowanceCents)
      #expect(allowances.isEmpty == (less == 6))
      #expect(try Elements(document.ubl).cents("cac:AllowanceCharge/cbc:Amount") == allowances)
      #expect(document.html.contains("Not charged") != allowances.isEmpty)
      #expect(
        try Elements(document.ubl).cents("cac:\(root)Line/cbc:LineExtensionAmount").count == 2)
    }
    #expect(try store.draftFaults().isEmpty)
  }

  /// The requests behind a line are shown whatever was taken off it.
  @Test func aLineOfWhichSomethingWasTakenOffCanBeDisputed() async throws {
    let billing = try await changed(by: -333_333_333_333)
    let invoice = try #require(
      try billing.store.issueInvoice(account: billing.account, month: month))
    let dispute = try billing.store.openDispute(invoice.document.number, line: 2)
    #expect(try billing.store.evidence(of: dispute.id).count == 2)
  }

  @Test(arguments: [1, 5_000_000_000] as [Int64])
  func whatCannotBeDrawnUpIsNamed(difference: Int64) async throws {
    let billing = try await changed(by: difference)
    let store = billing.store
    #expect(throws: InvoiceError.self) {
      _ = try store.draftInvoice(account: billing.account, month: month)
    }
    let faults = try store.draftFaults()
    #expect(faults.map(\.month) == [month] && faults.map(\.isBillable) == [false])
    #expect(faults.first?.text.contains("come to") == true)
    #expect(try store.reconcile().draftFaults == faults)
    #expect(try findings(billing).map(\.state) == [.broken])
    // A month later nothing has become of it.
    billing.go(to: newYear2028 + 90 * 86_400_000)
    #expect(try findings(billing).map(\.state) == [.broken])
    #expect(try store.reconcile().brokenMonths.isEmpty)
  }

  @Test func billsThatAddUpAreGood() async throws {
    let billing = try await changed(by: 0)
    #expect(try billing.store.draftFaults().isEmpty)
    #expect(try findings(billing).map(\.state) == [.good])
  }
}
