// Exports for other programs hold every request once and add up to the bill.

import Foundation
import GRDB
import Metering
import Testing

@Suite struct ExportTests {
  /// A month in which one key asked three times, one of which is not charged, and its account.
  private func withMonth(
    _ test: (MeterBench, AccountID, UTCMonth) async throws -> Void
  ) async throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    _ = try store.publishPrices(
      #require(Prices(input: 200_000, cachedInput: 100_000, output: 800_000)), model: bench.model)
    let account = try store.createAccount(name("a \"lab\", of birds"))
    try store.setState(.active, of: account)
    let key = try store.createKey(label: name("key"), account: account)
    bench.meter.refreshKeys()
    let who = try bench.meter.authenticate(key.text)
    for status in [RequestStatus.completed, .cancelled, .failed] {
      bench.clock.advance(.seconds(1))
      try await bench.meter.admit(who, bench.request(prompt: 100)).settle(
        Settlement(
          usage: TokenUsage(
            promptTokens: 100, cachedPromptTokens: 64, completionTokens: 7, reasoningTokens: 2),
          status: status, httpStatus: 200, latency: .milliseconds(3)))
    }
    try await test(
      bench, account, UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds()))
  }

  private func lines(
    _ bench: MeterBench, _ account: AccountID, _ month: UTCMonth, _ format: UsageExportFormat,
    all: Bool = false
  ) throws -> [String] {
    var options = ExportOptions()
    options.source = "https://node.example/one"
    options.customer = "cus_1"
    options.includesAll = all
    var lines: [String] = []
    try bench.meter.store.exportUsage(of: account, month: month, as: format, options: options) {
      lines.append($0)
    }
    return lines
  }

  private func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func aTableHasALineForEveryRequestAndAddsUpToTheBill() async throws {
    try await withMonth { bench, account, month in
      let table = try lines(bench, account, month, .csv).map { $0.split(separator: ",") }
      #expect(table.count == 4)
      #expect(table[0].count == 15 && table.allSatisfy { $0.count == 15 })
      #expect(!table[0].contains("status"), "a bill does not need it")
      let costs = try table.dropFirst().map { try #require(PicoEuro($0[12])) }
      // 36 × 0.2 + 64 × 0.1 + 7 × 0.8 millionths of a euro, for two of three.
      #expect(costs.map(\.rawValue) == [19_200_000, 19_200_000, 0])
      let draft = try bench.meter.store.draftInvoice(account: account, month: month)
      #expect(
        draft.lines.map(\.exact.rawValue).reduce(0, +) == costs.map(\.rawValue).reduce(0, +))
      #expect(try lines(bench, account, month.next, .csv).count == 1)
      #expect(try lines(bench, account, month, .jsonl).count == 3)
      #expect(
        try object(lines(bench, account, month, .jsonl)[2])["billable"] as? Bool == false)
    }
  }

  /// An account that pays in advance for some hours: what is on the invoice can be told.
  @Test func whatIsOnTheInvoiceAddsUpToItBesideWhatWasPaidInAdvance() async throws {
    let billing = try BillingBench(start: newYear2028)
    let (bench, store, account) = (billing.bench, billing.store, billing.account)
    try await billing.use(5)
    billing.clock.advance(.seconds(2 * 3600))
    try store.setMode(.prepaid, of: account)
    try store.addCredit(.topUp, #require(PicoEuro(cents: 9000)), to: account)
    bench.meter.refreshKeys()
    try await billing.use(7)
    billing.clock.advance(.seconds(30 * 3600))
    try await billing.use(8)
    try store.setMode(.postpaid, of: account)
    bench.meter.refreshKeys()
    billing.clock.advance(.seconds(2 * 3600))
    try await billing.use(11)
    let month = try #require(UTCMonth("2028-01"))
    let draft = try store.draftInvoice(account: account, month: month)
    let exact = draft.lines.map(\.exact.rawValue).reduce(0, +)

    let table = try lines(bench, account, month, .csv).map { $0.split(separator: ",") }
    #expect(table[0].last == "paid")
    #expect(table.dropFirst().compactMap(\.last) == ["invoice", "credit", "invoice", "invoice"])
    let costs = try table.dropFirst().filter { $0.last == "invoice" }.map {
      try #require(PicoEuro($0[12])).rawValue
    }
    #expect(costs.reduce(0, +) == exact)
    let objects = try lines(bench, account, month, .jsonl).map(object)
    #expect(objects.map { $0["paid"] as? String } == ["invoice", "credit", "invoice", "invoice"])
    #expect(try lines(bench, account, month, .cloudevents).count == 3)
    #expect(try lines(bench, account, month, .cloudevents, all: true).count == 4)
    let stripe = try lines(bench, account, month, .stripe).map(object)
    let output = stripe.filter { $0["event_name"] as? String == "apus_output_tokens" }
      .compactMap { ($0["payload"] as? [String: String])?["value"] }
    #expect(output == ["5", "8", "11"])

    let focus = try lines(bench, account, month, .focus).map { $0.split(separator: ",") }
    #expect(focus[0].first == "BilledCost" && focus[0].last == "x_Paid")
    let billed = try focus.dropFirst().map { try #require($0.first.flatMap { PicoEuro($0) }) }
    #expect(billed.map(\.rawValue).reduce(0, +) == exact)
    // Input, output and the request itself, for each day and way to pay.
    #expect(
      focus.dropFirst().compactMap(\.last)
        == ["invoice", "credit", "invoice"].flatMap { Array(repeating: $0, count: 3) })
    for line in focus where line.last == "credit" { #expect(PicoEuro(line[0]) == .zero) }
  }

  @Test func aSpreadsheetShowsANameThatBeginsLikeAFormula() async throws {
    let hostile = ["=1+1", "+1", "-1", "@SUM(1)", "=\u{301}"]
    for text in hostile + ["tiny", "1-1", " =1"] {
      let bench = try MeterBench()
      let store = bench.meter.store
      let key = try bench.key(limits: LimitRule())
      let who = try bench.meter.authenticate(key.text)
      let model = try bench.meter.modelID(name(text))
      _ = try store.publishPrices(#require(Prices(input: 1, output: 1)), model: model)
      bench.meter.refreshKeys()
      try await bench.meter.admit(
        who, AdmissionRequest(model: model, kind: .chat, promptTokens: 3, contextLeft: 9)
      ).settle(completed())
      // Names that an older version has let in.
      let database = try DatabaseQueue(path: bench.folder.path + "/meter.db")
      try await database.write {
        try $0.execute(sql: "UPDATE account SET name = ?", arguments: [text])
        try $0.execute(sql: "UPDATE api_key SET label = ?", arguments: [text])
      }
      try database.close()
      let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
      var options = ExportOptions()
      for isForSpreadsheets in [false, true] {
        options.isForSpreadsheets = isForSpreadsheets
        let shown = isForSpreadsheets && hostile.contains(text) ? "'" + text : text
        for (format, count) in [(UsageExportFormat.csv, 1), (.focus, 5)] {
          var lines: [String] = []
          try store.exportUsage(
            of: key.record.account, month: month, as: format, options: options
          ) { lines.append($0) }
          let cells = try #require(lines.last).replacing("\"", with: "").split(separator: ",")
          #expect(cells.count { $0.utf8.starts(with: shown.utf8) } == count, "\(cells)")
          let bare = cells.count { $0.utf8.starts(with: text.utf8) }
          #expect(bare == (shown == text ? count : 0), "\(cells)")
        }
      }
    }
  }

  @Test func anEnvelopeHasWhatCloudEventsAskFor() async throws {
    try await withMonth { bench, account, month in
      // Who bills what it is told is not told of what is not charged.
      #expect(try lines(bench, account, month, .cloudevents).count == 2)
      let events = try lines(bench, account, month, .cloudevents, all: true).map(object)
      let rows = try bench.rows().reversed().map(\.requestID.description)
      #expect(events.map { $0["id"] as? String } == rows)
      for event in events {
        #expect(event["specversion"] as? String == "1.0")
        #expect(event["source"] as? String == "https://node.example/one")
        #expect(event["type"] as? String == "apus.request.settled")
        #expect(event["subject"] as? String == "a \"lab\", of birds")
        let time = try #require(event["time"] as? String)
        #expect(throws: Never.self) {
          try Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        }
        let data = try #require(event["data"] as? [String: Any])
        #expect(data["request_id"] as? String == event["id"] as? String)
        #expect(data["output_tokens"] as? Int == 7)
      }
    }
  }

  @Test func aMeterEventIsForOneKindOfUnitOfABilledRequest() async throws {
    try await withMonth { bench, account, month in
      let events = try lines(bench, account, month, .stripe).map(object)
      #expect(events.count == 10)
      #expect(Set(events.compactMap { $0["identifier"] as? String }).count == 10)
      var sums: [String: Int] = [:]
      for event in events {
        let payload = try #require(event["payload"] as? [String: String])
        #expect(payload["stripe_customer_id"] == "cus_1")
        sums[try #require(event["event_name"] as? String), default: 0] +=
          Int(payload["value"] ?? "") ?? 0
      }
      #expect(
        sums == [
          "apus_input_tokens": 72, "apus_cached_input_tokens": 128, "apus_output_tokens": 10,
          "apus_reasoning_tokens": 4, "apus_requests": 2,
        ])
    }
  }

  @Test func costsAreInTheColumnsOfFOCUS() async throws {
    try await withMonth { bench, account, month in
      let table = try lines(bench, account, month, .focus)
      let columns = table[0].split(separator: ",").map(String.init)
      for name in ["BilledCost", "EffectiveCost", "ChargePeriodStart", "ServiceCategory", "SkuId"] {
        #expect(columns.contains(name))
      }
      #expect(table.count == 6)
      for line in table.dropFirst() { #expect(line.contains("\"a \"\"lab\"\", of birds\"")) }
      let billed = table.dropFirst().compactMap { $0.split(separator: ",").first }
        .compactMap { PicoEuro($0)?.rawValue }
      #expect(billed.reduce(0, +) == 38_400_000)
    }
  }
}
