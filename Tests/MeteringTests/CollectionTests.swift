// What is owed and until when: due days, payments, lines that are taken back, accounts that end.

import GRDB
import Metering
import Testing

@Suite struct CollectionTests {
  private let day: Int64 = 86_400_000

  @Test(arguments: ["2028-01", "2028-03", "2028-10"])
  func whoPaysOnTheDayThatThePaperNamesIsNotLate(text: String) async throws {
    let billing = try BillingBench(start: newYear2028)
    let zone = try billing.store.billingSettings().zone
    let month = try #require(UTCMonth(text))
    let hours = zone.hours(of: month)
    billing.go(to: hours.lowerBound * 3_600_000 + day / 2)
    try await billing.use()
    // In the afternoon of the third day.
    billing.go(to: hours.upperBound * 3_600_000 + 2 * day + day / 2)
    let invoice = try #require(
      try billing.store.issueInvoice(account: billing.account, month: month))
    let due = try #require(CivilDate(invoice.document.due))
    let end = zone.beginning(of: due.adding(days: 1))
    #expect(zone.date(wallMilliseconds: end - 1) == due)
    #expect(zone.date(wallMilliseconds: end) == due.adding(days: 1))
    #expect(invoice.state(at: end - 1) == .issued)
    #expect(invoice.state(at: end) == .overdue)
  }

  @Test func aLineThatACustomerWasRightAboutIsNotOwedAndIsTakenBackAlone() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let number = invoice.document.number
    let dispute = try store.openDispute(number, line: 2)
    try store.resolveDispute(dispute.id, as: .upheld)
    #expect(try store.invoice(number).openCents == invoice.document.grossCents - dispute.cents)
    #expect(faultCode { _ = try store.creditInvoice(number, lines: [2, 3]) } == .notFound)
    #expect(faultCode { _ = try store.creditInvoice(number, lines: []) } == .notFound)
    let note = try store.creditInvoice(number, lines: [2]).document
    #expect(note.lines == [invoice.document.lines[1]])
    #expect(note.netCents == invoice.document.lines[1].netCents)
    #expect(note.taxCents == (note.netCents * 2400 + 5000) / 10_000)
    #expect(note.grossCents == note.netCents + note.taxCents && note.grossCents == dispute.cents)
    #expect(try store.disputes().map(\.state) == [.credited])
    let rest = try store.invoice(number)
    #expect(rest.creditedBy == [note.number] && rest.creditedCents == note.grossCents)
    #expect(rest.openCents == invoice.document.grossCents - note.grossCents)
    #expect(rest.state(at: 0) == .issued && rest.state(at: .max) == .overdue)
    #expect(faultCode { try store.pay(number, cents: rest.openCents + 1) } == .wrongState)
    try store.pay(number, cents: rest.openCents)
    #expect(try store.invoice(number).state(at: .max) == .paid)
    #expect(faultCode { _ = try store.creditInvoice(number, lines: [1, 2]) } == .wrongState)
    #expect(faultCode { _ = try store.creditInvoice(note.number) } == .wrongState)
    #expect(faultCode { _ = try store.openDispute(note.number, line: 2) } == .wrongState)
    #expect(faultCode { _ = try store.openDispute(number, line: 2) } == .wrongState)
  }

  /// Whoever disputes a line is told what became of it, and so is who pays.
  @Test(arguments: [DisputeState.upheld, .rejected])
  func howADisputeWasDecidedIsTold(state: DisputeState) async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    try store.setMember("owner@lab.example", role: .owner, of: billing.account)
    try store.setMember("books@lab.example", role: .billing, of: billing.account)
    let number = invoice.document.number
    let dispute = try store.openDispute(number, line: 2)
    #expect(
      try told(billing) { try store.resolveDispute(dispute.id, as: state) }
        == Array(repeating: "Your dispute over invoice \(number) is decided", count: 2))
    let notice = try #require(try store.notices(for: billing.account).first)
    #expect(notice.invoice == number && notice.body.contains("line 2"))
    #expect(notice.body.contains("You were right") == (state == .upheld))
    #expect(notice.body.contains("is owed") == (state == .rejected))
    let open = try store.invoice(number).openCents
    #expect(notice.body.contains("\(centsText(open)) EUR of the invoice are open"))
  }

  @Test func theEndOfAnAccountIsToldBeforeAndWhenItComes() async throws {
    let billing = try BillingBench(start: newYear2028)
    let (store, account) = (billing.store, billing.account)
    try store.setMember("owner@lab.example", role: .owner, of: account)
    #expect(
      try told(billing) { _ = try store.terminate(account) }
        == ["Your account ends on 2028-01-31"])
    let notice = try #require(try store.notices(for: account).first)
    #expect(notice.body.contains("2028-01-31 00:00 UTC") && notice.body.contains("tell us"))
    #expect(notice.body.contains("API keys work until then"))
    // A second notice changes nothing.
    _ = try store.terminate(account)
    #expect(try store.notices(for: account).count == 1)
    billing.go(to: newYear2028 + 30 * day)
    #expect(try told(billing) { _ = try store.closeEnded() } == ["Your account has ended"])
    #expect(try billing.state() == .closed)

    let other = try BillingBench(start: newYear2028)
    try other.store.suspend(other.account, reason: .abuse)
    _ = try other.store.terminate(other.account)
    let words = try #require(try other.store.notices(for: other.account).first).body
    #expect(words.contains("It is suspended") && !words.contains("keys work"))
  }

  @Test func whatWasTakenBackIsNotPaid() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let number = invoice.document.number
    _ = try billing.store.creditInvoice(number)
    #expect(faultCode { try billing.store.pay(number, cents: 1) } == .wrongState)
    #expect(faultCode { _ = try billing.store.openDispute(number, line: 1) } == .wrongState)
    #expect(try billing.store.invoice(number).state(at: .max) == .credited)
  }

  @Test func whoGaveNoticeIsStoppedForNotPayingToo() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let end = try store.terminate(
      billing.account, endsMilliseconds: billing.clock.clock.wallMilliseconds() + 90 * day
    ).endsMilliseconds
    #expect(try stages(of: billing, days: 60) == [.reminder, .warning, .suspension])
    #expect(try billing.state() == .suspended)
    try store.pay(invoice.document.number, cents: invoice.openCents)
    #expect(try billing.state() == .terminating)
    #expect(try store.terminations()[billing.account]?.endsMilliseconds == end)
  }

  @Test func whoIsStoppedForSomethingElseIsStoppedForTheInvoiceOnceThatIsSettled() async throws {
    let (billing, _) = try await BillingBench.issued()
    let store = billing.store
    try store.suspend(billing.account, reason: .abuse)
    #expect(try stages(of: billing, days: 60) == [.reminder, .warning])
    #expect(try store.accounts().first { $0.id == billing.account }?.reason == .abuse)
    try store.setState(.active, of: billing.account)
    #expect(try stages(of: billing, days: 2) == [.suspension])
    #expect(try store.accounts().first { $0.id == billing.account }?.reason == .nonpayment)
  }

  /// The steps that the operator's nightly work takes.
  private func stages(of billing: BillingBench, days: Int) throws -> [DunningStage] {
    try (0..<days).flatMap { _ in
      billing.clock.advance(.seconds(86_400))
      return try billing.store.dun(withoutDelivery: true).map(\.stage)
    }
  }

  /// Does something while no notice can be written, and then again; gives the titles of the notices
  /// that are new.
  private func told(_ billing: BillingBench, _ work: () throws -> Void) throws -> [String] {
    let database = try DatabaseQueue(path: billing.bench.folder.path + "/meter.db")
    defer { try? database.close() }
    let before = try billing.store.deliveries(dueOnly: false).count
    try database.write {
      try $0.execute(
        sql: """
          CREATE TRIGGER refusal BEFORE INSERT ON notice BEGIN SELECT RAISE(ABORT, 'full'); END
          """)
    }
    #expect(throws: UsageStoreError.self) { try work() }
    try database.write { try $0.execute(sql: "DROP TRIGGER refusal") }
    try work()
    return try billing.store.deliveries(dueOnly: false).dropLast(before).map(\.title)
  }

  @Test func whatCustomersAreToldOfIsThereWithItsNoticeOrNotAtAll() async throws {
    let billing = try BillingBench(start: newYear2028)
    let (store, account) = (billing.store, billing.account)
    try store.setMember("owner@lab.example", role: .owner, of: account)
    try await billing.use()
    billing.go(to: newYear2028 + 32 * day)
    let month = try #require(UTCMonth("2028-01"))
    #expect(
      try told(billing) { _ = try store.issueInvoice(account: account, month: month) }
        == ["Invoice A-000001"])
    #expect(
      try told(billing) { _ = try store.creditInvoice("A-000001") } == ["Credit note A-000002"])
    #expect(try told(billing) { try store.warn(account, reason: .terms) } == ["Warning: terms"])
    #expect(
      try told(billing) { try store.suspend(account, reason: .terms) }
        == ["Your account is suspended: terms"])
    try store.setState(.active, of: account)
    #expect(
      try told(billing) { _ = try store.takeSuspension(of: account, reason: .abuse) }
        == ["Your account is suspended: abuse"])
    let incident = try #require(try store.incidents().first)
    #expect(try told(billing) { try store.resolve(incident.id) } == ["An incident is over"])
  }

  @Test func takingBackTheInvoiceThatAnAccountWasStoppedForLetsItGoOn() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    try billing.dunUntilSuspended()
    _ = try billing.store.creditInvoice(invoice.document.number)
    #expect(try billing.state() == .active)
  }

  @Test func whoGaveNoticeAndPaysLaterStillEndsOnTheirDay() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    try billing.dunUntilSuspended()
    let end = try store.terminate(billing.account).endsMilliseconds
    // Notice is no way around a suspension.
    #expect(try billing.state() == .suspended)
    billing.bench.meter.refreshKeys()
    #expect(
      refusal { () throws(MeterError) in
        _ = try billing.bench.meter.authenticate(billing.key.text)
      }?.detail == .nonpayment)
    try store.pay(invoice.document.number, cents: invoice.openCents)
    #expect(try billing.state() == .terminating)
    #expect(try store.terminations()[billing.account]?.endsMilliseconds == end)
    billing.go(to: end)
    #expect(try store.closeEnded() == [billing.account])
    #expect(try billing.state() == .closed)
  }

  @Test func noticeThatWasTakenBackIsForgotten() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try bench.key().record.account
    let first = try store.terminate(account).endsMilliseconds
    try store.setState(.active, of: account)
    try store.setState(.suspended, of: account, reason: .abuse)
    #expect(try store.terminations().isEmpty)
    try store.setState(.active, of: account)
    #expect(try store.accounts().first?.state == .active)
    bench.clock.advance(.seconds(86_400))
    #expect(try store.terminate(account).endsMilliseconds == first + day)
  }

  @Test func aSuspendedAccountEndsOnItsDayToo() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let account = try bench.key().record.account
    try store.setState(.suspended, of: account, reason: .abuse)
    let end = try store.terminate(account).endsMilliseconds
    #expect(try store.closeEnded().isEmpty)
    bench.clock.advance(.milliseconds(end - bench.clock.clock.wallMilliseconds()))
    #expect(try store.closeEnded() == [account])
  }

  @Test func aMonthThatNobodyHasBilledIsNamed() async throws {
    let billing = try BillingBench(start: newYear2028)
    try await billing.use()
    func found() throws -> [String] {
      try billing.store.examine().filter { $0.subject == "unbilled" }.map(\.text)
    }
    // In February there is time for January's.
    billing.go(to: newYear2028 + 40 * day)
    #expect(try found().isEmpty)
    billing.go(to: newYear2028 + 65 * day)
    #expect(try found().count == 1)
    #expect(try found().first?.contains("--month 2028-01") == true)
    let month = try #require(UTCMonth("2028-01"))
    _ = try billing.store.issueInvoice(account: billing.account, month: month)
    #expect(try found().isEmpty)
  }

  @Test func theLastInvoiceReachesTheMembersOfAClosedAccount() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try store.setMember("owner@lab.example", role: .owner, of: billing.account)
    try await billing.use()
    _ = try store.terminate(
      billing.account, endsMilliseconds: billing.clock.clock.wallMilliseconds() + day)
    billing.go(to: newYear2028 + 32 * day)
    #expect(try store.closeEnded() == [billing.account])
    let before = try store.deliveries(dueOnly: false).count
    let month = try #require(UTCMonth("2028-01"))
    _ = try #require(try store.issueInvoice(account: billing.account, month: month))
    let sent = try store.deliveries(dueOnly: false).dropLast(before)
    #expect(sent.map(\.target) == ["owner@lab.example"])
    #expect(try store.publishNotice(title: "News", body: "Some.") == 0)
  }
}
