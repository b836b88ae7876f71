// Lines that are taken back one after the other, and money that was paid for them.

import Metering
import Testing

@Suite struct CreditNoteTests {
  /// A second credit note takes the rest back; together they come to the invoice, to the cent.
  @Test func whatIsLeftOfAnInvoiceCanBeDisputedAndTakenBackToo() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let number = invoice.document.number
    let first = try store.creditInvoice(number, lines: [2]).document
    _ = try store.openDispute(number, line: 1)
    #expect(try store.invoice(number).openCents == 0)
    let second = try store.creditInvoice(number).document
    #expect(second.credits == number && second.lines == [invoice.document.lines[0]])
    // It gives back, and asks nobody to pay.
    let page = second.html
    #expect(page.contains("Takes back invoice \(number).") && !page.contains("Pay to"))
    #expect(!page.contains("14 days") && invoice.document.html.contains("14 days"))
    #expect(!second.ubl.contains("PaymentMeans") && invoice.document.ubl.contains("PaymentMeans"))
    #expect(first.grossCents + second.grossCents == invoice.document.grossCents)
    #expect(second.taxCents == second.grossCents - second.netCents)
    let rest = try store.invoice(number)
    #expect(rest.creditedBy == [first.number, second.number])
    #expect(rest.creditedLines == [1, 2] && rest.creditedCents == invoice.document.grossCents)
    #expect(rest.state(at: .max) == .credited && rest.overpaidCents == 0)
    #expect(try store.disputes().map(\.state) == [.credited])
    #expect(try store.invoice(first.number).creditedBy.isEmpty)
    #expect(faultCode { _ = try store.creditInvoice(number) } == .wrongState)
    #expect(try store.invoices(account: billing.account).count == 3)
    // Nothing is left of it, so the month is billed anew.
    let month = try #require(UTCMonth("2028-01"))
    let again = try store.issueInvoice(account: billing.account, month: month)
    #expect(again?.document.number == "A-000004")
  }

  @Test func whatWasPaidAndIsTakenBackIsTheCustomersUntilItGoesBack() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let number = invoice.document.number
    let total = invoice.document.grossCents
    #expect(faultCode { try store.pay(number, cents: -1) } == .wrongState)
    try store.pay(number, cents: total)
    let note = try store.creditInvoice(number, lines: [2]).document
    #expect(try store.invoice(number).overpaidCents == note.grossCents)
    _ = try store.creditInvoice(number)
    #expect(try store.invoice(number).overpaidCents == total)
    #expect(faultCode { try store.pay(number, cents: -total - 1) } == .wrongState)
    #expect(faultCode { try store.pay(number, cents: .min) } == .wrongState)
    try store.pay(number, cents: 1 - total)
    #expect(try store.invoice(number).overpaidCents == 1)
    #expect(try store.paidCents(billing.account, since: 0) == 1)
    try store.pay(number, cents: -1)
    #expect(try store.invoice(number).overpaidCents == 0)
    #expect(faultCode { try store.pay(number, cents: 0) } == .wrongState)
  }

  /// A line that is disputed can be paid until that is decided, and not after it.
  @Test func noMoreIsPaidThanIsOwedAfterADecision() async throws {
    let (billing, invoice) = try await BillingBench.issued()
    let store = billing.store
    let number = invoice.document.number
    let dispute = try store.openDispute(number, line: 2)
    let total = invoice.document.grossCents
    #expect(try store.invoice(number).payableCents == total)
    try store.resolveDispute(dispute.id, as: .upheld)
    let rest = try store.invoice(number)
    #expect(rest.payableCents == total - dispute.cents && rest.openCents == rest.payableCents)
    let error = #expect(throws: UsageStoreError.self) { try store.pay(number, cents: total) }
    #expect(error?.message.contains("\(centsText(rest.openCents)) EUR of it are") == true)
    try store.pay(number, cents: rest.openCents)
  }
}
