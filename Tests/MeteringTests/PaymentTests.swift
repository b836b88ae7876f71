// Payments that do not hold, that are noted later than they were made, and that are too much.

import GRDB
import Metering
import Testing

@Suite struct PaymentTests {
  private let day: Int64 = 86_400_000

  @Test func aPaymentThatDidNotHoldIsTakenBackOnce() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let (number, total) = (invoice.document.number, invoice.document.grossCents)
    try store.pay(number, cents: total, reference: "debit 1")
    #expect(try store.invoice(number).state(at: .max) == .paid)
    let payment = try #require(try store.payments(of: number).first)
    #expect(payment.cents == total && payment.reference == "debit 1" && payment.reverses == nil)
    billing.clock.advance(.seconds(86_400))
    try store.reversePayment(payment.id, of: number, reference: "returned")
    let rest = try store.invoice(number)
    #expect(rest.openCents == total && rest.paidCents == 0)
    #expect(rest.state(at: .max) == .overdue)
    // Both rows are there, and the trail tells of it.
    let payments = try store.payments(of: number)
    #expect(payments.map(\.cents) == [total, -total])
    #expect(payments.map(\.reverses) == [nil, payment.id])
    let entry = try #require(try store.auditTrail().first)
    #expect(entry.verb == "invoice.reverse" && entry.object == "invoice \(number)")
    #expect(entry.detail == "-\(centsText(total)) EUR, takes payment \(payment.id) back")

    #expect(faultCode { try store.reversePayment(payment.id, of: number) } == .wrongState)
    #expect(faultCode { try store.reversePayment(payments[1].id, of: number) } == .wrongState)
    #expect(faultCode { try store.reversePayment(99, of: number) } == .notFound)
    #expect(faultCode { try store.reversePayment(payment.id, of: "A-9") } == .notFound)
    try store.pay(number, cents: total)
    #expect(try store.invoice(number).state(at: .max) == .paid)
  }

  @Test func paymentsAreNeverChanged() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    try billing.store.pay(invoice.document.number, cents: 1)
    let database = try DatabaseQueue(path: billing.bench.folder.path + "/meter.db")
    defer { try? database.close() }
    for sql in ["UPDATE payment SET cents = 2", "DELETE FROM payment"] {
      await #expect(throws: DatabaseError.self) {
        try await database.write { try $0.execute(sql: sql) }
      }
    }
  }

  /// The day of the bank counts for what was paid since a day.
  @Test func aPaymentIsOfTheDayOnWhichItWasMade() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let number = invoice.document.number
    let zone = try store.billingSettings().zone
    billing.clock.advance(.seconds(10 * 86_400))
    let now = billing.clock.clock.wallMilliseconds()
    let today = zone.date(wallMilliseconds: now)
    try store.pay(number, cents: 10, on: today.adding(days: -5))
    try store.pay(number, cents: 20)
    #expect(try store.paidCents(billing.account, since: now) == 20)
    #expect(try store.paidCents(billing.account, since: now - 4 * day) == 20)
    #expect(
      try store.paidCents(
        billing.account, since: zone.beginning(of: today.adding(days: -5))) == 30)
    #expect(
      try store.payments(of: number).map(\.paidMilliseconds)
        == [zone.beginning(of: today.adding(days: -5)), now])
    // Today is no day to come, whenever it is.
    try store.pay(number, cents: 1, on: today)
    #expect(
      faultCode { try store.pay(number, cents: 1, on: today.adding(days: 1)) } == .wrongState)
  }

  @Test func moreThanIsOwedIsTakenWhereThatIsSaid() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let (number, total) = (invoice.document.number, invoice.document.grossCents)
    #expect(faultCode { try store.pay(number, cents: total + 5) } == .wrongState)
    try store.pay(number, cents: total + 5, mayOverpay: true)
    #expect(try store.auditTrail().first?.detail.hasSuffix("0.05 EUR overpaid") == true)
    #expect(try store.invoice(number).overpaidCents == 5)
    #expect(try store.invoice(number).state(at: .max) == .paid)
    try store.pay(number, cents: -5)
    #expect(try store.invoice(number).overpaidCents == 0)
    #expect(
      faultCode { try store.pay(number, cents: .max, mayOverpay: true) } == .wrongState)
    let note = try store.creditInvoice(number).document.number
    #expect(faultCode { try store.pay(note, cents: 1, mayOverpay: true) } == .wrongState)
  }

  /// A folder of a version before, with what was paid in it.
  @Test func whatWasDoneBeforeIsKeptByTheUpgrade() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let number = invoice.document.number
    try billing.store.setMember("owner@lab.example", role: .owner, of: billing.account)
    try billing.store.pay(number, cents: 7)
    billing.clock.advance(.seconds(20 * 86_400))
    #expect(try billing.store.dun().map(\.stage) == [.reminder])
    try billing.store.warn(billing.account, reason: .nonpayment)
    try await billing.bench.meter.close()
    let database = try DatabaseQueue(path: billing.bench.folder.path + "/meter.db")
    try await database.write {
      try $0.execute(
        sql: """
          \(withoutCorrections)
          DROP INDEX payment_is_reversed_once;
          DROP TRIGGER payment_is_never_changed;
          DROP TRIGGER payment_is_never_deleted;
          ALTER TABLE payment DROP COLUMN reverses;
          ALTER TABLE payment DROP COLUMN valued_ms;
          CREATE TABLE before (
            invoice_id INTEGER NOT NULL REFERENCES invoice (id), stage INTEGER NOT NULL,
            at_ms INTEGER NOT NULL, PRIMARY KEY (invoice_id, stage)
          ) STRICT, WITHOUT ROWID;
          INSERT INTO before SELECT invoice_id, stage, at_ms FROM dunning;
          DROP TABLE dunning;
          ALTER TABLE before RENAME TO dunning;
          PRAGMA user_version = 15
          """)
    }
    try database.close()
    let store = try UsageStore(
      folder: billing.bench.folder.path, mode: .administering, clock: billing.clock.clock)
    #expect(try store.invoice(number).paidCents == 7)
    #expect(try store.payments(of: number).map(\.cents) == [7])
    #expect(try store.dun().isEmpty)
    try BillingBench.deliver(all: store)
    // The warning is known again by the notice that told of it: it has reached somebody.
    billing.clock.advance(.seconds(10 * 86_400))
    #expect(try store.dun().map(\.stage) == [.warning])
    billing.clock.advance(.seconds(20 * 86_400))
    #expect(try store.dun().map(\.isBlocked) == [false])
    #expect(try store.accounts().first { $0.id == billing.account }?.state == .suspended)
    try store.close()
  }
}
