// A data folder in which an invoice was issued in November for October.

import Foundation
import Metering
import Synchronization
import Testing

enum InvoiceFolder {
  /// Makes the folder and its invoice: one customer, one request of 1,000 and 500 tokens.
  ///
  /// - Parameters:
  ///   - reverseCharge: whether the customer owes the tax, in another country.
  ///   - terms: the terms of payment on the invoice.
  ///   - unknown: an account that used as much and cannot be billed, since nobody knows whose it is.
  ///   - then: what else is done before the folder is closed.
  @discardableResult
  static func make(
    _ folder: String, reverseCharge: Bool = false, tax: Int64 = 2400, terms: String = "",
    unknown: String? = nil,
    then: (UsageStore, InvoiceRecord) throws -> Void = { _, _ in }
  ) async throws -> InvoiceRecord {
    let shared = WallTime(1_792_065_600_000)
    var configuration = MeterConfiguration(folder: folder)
    configuration.clock = MeterClock(
      monotonicNanoseconds: MeterClock.system.monotonicNanoseconds,
      wallMilliseconds: { shared.now })
    let meter = try Meter(configuration)
    let store = meter.store
    let model = try meter.modelID(#require(ShortName("tiny")))
    _ = try store.publishPrices(
      #require(Prices(input: 1_234_567_890, output: 2_345_678_901)), model: model)
    var settings = try store.billingSettings()
    settings.taxBasisPoints = tax
    settings.iban = "EE382200221020145685"
    settings.terms = terms
    try store.setBilling(settings)
    let account = try store.createAccount(#require(ShortName("lab")))
    try store.setState(.active, of: account)
    try store.setMember("accounts@lab.example", role: .billing, of: account)
    try store.setMember("someone@lab.example", role: .member, of: account)
    try store.setSeller(
      Party(
        name: "Apus & Sons <Ltd>", street: "Street 1", city: "Tartu", postcode: "50090",
        country: "EE", vatID: "EE123456789", email: "apus@host.example"))
    try store.setBuyer(
      Party(
        name: "Lab", street: "Road 2", city: "Ljubljana", postcode: "1000",
        country: reverseCharge ? "SI" : "EE", vatID: reverseCharge ? "SI12345678" : "",
        email: "bills@lab.example"), of: account, reverseCharge: reverseCharge)
    var keys = [try store.createKey(label: #require(ShortName("key")), account: account)]
    if let unknown {
      let other = try store.createAccount(#require(ShortName(unknown)))
      try store.setState(.active, of: other)
      keys.append(try store.createKey(label: #require(ShortName("key")), account: other))
    }
    meter.refreshKeys()
    for key in keys { try await use(key, model, meter) }
    shared.now = 1_793_620_800_000
    let month = try #require(UTCMonth("2026-10"))
    let issued = try #require(try store.issueInvoice(account: account, month: month))
    try then(store, issued)
    try await meter.close()
    return issued
  }

  private static func use(_ key: NewKey, _ model: ModelID, _ meter: Meter) async throws {
    let lease = try meter.admit(
      meter.authenticate(key.text),
      AdmissionRequest(
        model: model, kind: .chat, promptTokens: 1000, maxCompletionTokens: 500,
        contextLeft: 4096))
    try await lease.settle(
      Settlement(
        usage: TokenUsage(promptTokens: 1000, completionTokens: 500), status: .completed,
        httpStatus: 200, latency: .milliseconds(5)))
  }

  /// A wall clock that stands where it was put.
  private final class WallTime: Sendable {
    private let value: Mutex<Int64>

    init(_ milliseconds: Int64) { value = Mutex(milliseconds) }

    var now: Int64 {
      get { value.withLock { $0 } }
      set { value.withLock { $0 = newValue } }
    }
  }
}
