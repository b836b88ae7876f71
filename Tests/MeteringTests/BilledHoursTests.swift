// An operator who bills in another zone from some day on bills no hour twice, and none never.

import Foundation
import Metering
import Testing

@Suite struct BilledHoursTests {
  private let day: Int64 = 86_400_000

  private func setZone(_ identifier: String, of billing: BillingBench) throws {
    var settings = try billing.store.billingSettings()
    settings.zone = try #require(BillingZone(identifier))
    try billing.store.setBilling(settings)
  }

  private func issue(_ text: String, of billing: BillingBench) throws -> InvoiceDocument {
    let month = try #require(UTCMonth(text))
    return try #require(try billing.store.issueInvoice(account: billing.account, month: month))
      .document
  }

  /// Output tokens on the paper.
  private func output(_ document: InvoiceDocument) -> Int64 {
    document.lines.filter { $0.meter == "output tokens" }.map(\.units).reduce(0, +)
  }

  @Test(
    arguments: [
      ("UTC", "Europe/Tallinn"), ("Europe/Tallinn", "UTC"), ("UTC", "America/New_York"),
      ("America/Los_Angeles", "Asia/Tokyo"), ("Asia/Tokyo", "America/Los_Angeles"),
    ])
  func anHourIsOnOneInvoice(before: String, after: String) async throws {
    let billing = try BillingBench(start: newYear2028)
    try setZone(before, of: billing)
    // A token in every hour of the two days around the end of January, and of February.
    for end in [newYear2028 + 31 * day, newYear2028 + 60 * day] {
      billing.go(to: end - day)
      for _ in 0..<48 {
        try await billing.use(1)
        billing.clock.advance(.seconds(3600))
      }
      if try billing.store.invoices().isEmpty {
        billing.go(to: end + 2 * day)
        _ = try issue("2028-01", of: billing)
        try setZone(after, of: billing)
      }
    }
    billing.go(to: newYear2028 + 62 * day)
    // Of January is shown what January was billed from.
    let first = try #require(try billing.store.invoices().first).document
    let dispute = try billing.store.openDispute(first.number, line: 2)
    #expect(Int64(try billing.store.evidence(of: dispute.id).count) == output(first))
    billing.go(to: newYear2028 + 93 * day)
    // In any order.
    let third = try issue("2028-03", of: billing)
    let second = try issue("2028-02", of: billing)
    #expect([first, second, third].map(output).reduce(0, +) == 96)
    #expect(first.endHour == second.firstHour)
    #expect(second.endHour == third.firstHour)
    #expect(first.zone == before && second.zone == after)
    #expect(try billing.store.unbilledMonths(of: billing.account).isEmpty)
    // What is exported of a month is what its invoice is for.
    for document in [first, second, third] {
      let month = try #require(UTCMonth(document.month))
      var lines: [String] = []
      try billing.store.exportUsage(of: billing.account, month: month, as: .jsonl) {
        lines.append($0)
      }
      #expect(Int64(lines.count) == output(document))
    }
  }

  @Test func whatADisputedLineIsMadeOfDoesNotChangeWithTheZone() async throws {
    let billing = try BillingBench(start: newYear2028)
    // The last hour of Tallinn's January, and the first of its February, which is January's of UTC.
    billing.go(to: newYear2028 + 31 * day - 3 * 3_600_000)
    for _ in 0..<2 {
      try await billing.use(1)
      billing.clock.advance(.seconds(3600))
    }
    billing.go(to: newYear2028 + 32 * day)
    let invoice = try issue("2028-01", of: billing)
    #expect(output(invoice) == 1)
    try setZone("UTC", of: billing)
    let dispute = try billing.store.openDispute(invoice.number, line: 2)
    #expect(try billing.store.evidence(of: dispute.id).count == 1)
  }

  /// Documents of versions that wrote no hours.
  @Test func anInvoiceThatSaysNoHoursIsForTheMonthOfItsZone() async throws {
    let billing = try BillingBench(start: newYear2028)
    try await billing.use(1)
    billing.go(to: newYear2028 + 32 * day)
    let new = try issue("2028-01", of: billing)
    let object = try JSONSerialization.jsonObject(with: Data(new.encoded()))
    var members = try #require(object as? [String: Any])
    for name in ["firstHour", "endHour"] { #expect(members.removeValue(forKey: name) != nil) }
    let old = try InvoiceDocument(
      encoded: [UInt8](JSONSerialization.data(withJSONObject: members)))
    #expect(old.firstHour == nil && old.endHour == nil)
    let tallinn = try #require(BillingZone("Europe/Tallinn"))
    let (january, february) = (try #require(UTCMonth("2028-01")), try #require(UTCMonth("2028-02")))
    #expect(old.hours == tallinn.hours(of: january) && new.hours == old.hours)
    let hours = UsageStore.billedHours(of: february, in: .utc, issued: [old])
    #expect(hours.lowerBound == tallinn.hours(of: january).upperBound)
    #expect(hours.upperBound == BillingZone.utc.hours(of: february).upperBound)
    #expect(UsageStore.billedHours(of: january, in: .utc, issued: [old]) == old.hours)
    // Behind a month that nobody was billed for, none is begun sooner.
    let march = february.next
    #expect(
      UsageStore.billedHours(of: march, in: .utc, issued: [old]) == BillingZone.utc.hours(of: march)
    )
  }
}
