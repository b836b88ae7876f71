// What a customer gets of what is kept of them: all of it, whatever the profile and whatever was
// let go.

import FoundationEssentials
import JSON
import Metering
import Testing

@Suite struct AccountExportTests {
  /// The columns behind the names of the export. What is left stands beside a time or an amount,
  /// for people.
  private static let columns: [String: MetadataField] = [
    "number": .number, "id": .requestID, "startedMilliseconds": .started,
    "settledMilliseconds": .settled, "key": .key, "model": .model, "kind": .kind,
    "promptTokens": .inputTokens, "cachedPromptTokens": .cachedTokens,
    "completionTokens": .outputTokens, "reasoningTokens": .reasoningTokens,
    "audioMilliseconds": .audio, "price": .price, "costPicoEuro": .cost, "isBillable": .billable,
  ]

  @Test(arguments: MetadataProfile.allCases)
  func anExportNamesEveryColumnThatIsKept(profile: MetadataProfile) async throws {
    let bench = try MeterBench { $0.profile = profile }
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    var request = bench.request()
    request.client = ClientTraits(
      address: NetworkAddress("192.0.2.77"), userAgent: "OpenAI/Python 1.54.3")
    try await bench.meter.admit(who, request).settle(completed())
    let export = try JSONValue.parse(bench.meter.store.export(key.record.account).encoded())
    let row = try #require(export["requests"]?[0]?.objectValue)
    var fields = Set(row.keys.compactMap { Self.columns[$0] })
    // Whose they are is said once.
    #expect(export["account"] == .integer(key.record.account.rawValue))
    fields.insert(.account)
    let described = try #require(row["described"]?.objectValue)
    for name in described.keys { fields.insert(try #require(MetadataField(rawValue: name))) }
    #expect(fields == Set(profile.fields))
    let forPeople = Set(row.keys).subtracting(Self.columns.keys)
    #expect(forPeople == ["started", "settled", "costEuro", "described"])
    #expect(row["kind"] == "chat" && row["number"] == 1)
  }

  @Test func anExportHasTheSumsOfWhatWasLetGoRemindersAndIncidents() async throws {
    let billing = try BillingBench(start: newYear2028)
    let store = billing.store
    try await billing.use()
    billing.go(to: newYear2028 + 32 * 86_400_000)
    let month = try #require(UTCMonth("2028-01"))
    let invoice = try #require(try store.issueInvoice(account: billing.account, month: month))
    billing.go(to: newYear2028 + 60 * 86_400_000)
    #expect(try store.dun().map(\.stage) == [.reminder])
    let incident = try store.takeSuspension(of: billing.account, reason: .security)
    try store.resolve(incident)
    let whole = try store.export(billing.account)
    #expect(whole.requests.count == 1 && whole.hours.isEmpty)
    func texts(_ what: String) -> [String] {
      whole.history.filter { $0.what == what }.map(\.text)
    }
    #expect(texts("reminder") == ["\(invoice.document.number): reminder"])
    #expect(texts("incident") == ["suspend, until 2028-03-01T00:00:00.000Z"])

    billing.go(to: newYear2028 + 426 * 86_400_000)
    #expect(try store.runRetention().months == [month])
    let rest = try store.export(billing.account)
    #expect(rest.requests.isEmpty)
    let hour = try #require(rest.hours.first)
    #expect(rest.hours.count == 1 && hour.starts == "2028-01-01T00:00:00.000Z")
    #expect(hour.requests == 1 && hour.kind == "chat" && hour.isBillable)
    #expect(hour.promptTokens == 10 && hour.completionTokens == 5)
    #expect(hour.costPicoEuro == whole.requests[0].costPicoEuro)
    #expect(hour.key == whole.requests[0].key && hour.price == whole.requests[0].price)
  }
}
