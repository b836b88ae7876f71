// A leap year of a service in Tallinn: what the engine counted is what the ledger's events, their
// rollups and the invoices say, to the last token and the last pico-euro.

import Foundation
import Metering
import Testing

/// What is counted beside the meter, with arithmetic of its own.
private struct Counters: Equatable {
  var requests: Int64 = 0
  /// Computed input, cached input, answer and reasoning tokens, milliseconds of audio, requests.
  var units = [Int64](repeating: 0, count: 6)
  var cost: Int64 = 0

  mutating func count(_ usage: TokenUsage, at prices: [Int64]) {
    let now = [
      usage.promptTokens - usage.cachedPromptTokens, usage.cachedPromptTokens,
      usage.completionTokens - usage.reasoningTokens, usage.reasoningTokens,
      usage.audioMilliseconds, 1,
    ]
    requests += 1
    units = zip(units, now).map(+)
    cost += zip(now, prices).map(*).reduce(0, +)
  }
}

@Suite struct YearTests {
  private static let isSlow = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"
  /// Requests of a usual day; the slow run has about 37,000 in the year.
  private static let perDay: Int64 = isSlow ? 100 : 1
  private static let titles = [
    "input tokens", "cached input tokens", "output tokens", "reasoning tokens",
    "milliseconds of audio", "requests",
  ]

  @Test(.timeLimit(.minutes(30)))
  func `counters, events, rollups and invoices are equal over a leap year`() async throws {
    // From two hours before Greenwich's new year, which is Tallinn's, to a day after the next.
    let start = newYear2028 - 2 * 3_600_000
    let end = start + 367 * 86_400_000
    let bench = try MeterBench(start: start - 3_600_000) { $0.keyLimits = LimitRule() }
    let store = bench.meter.store
    let zone = try #require(BillingZone("Europe/Tallinn"))
    var settings = BillingSettings()
    settings.zone = zone
    try store.setBilling(settings)
    try store.setSeller(
      Party(
        name: "Apus", street: "Street 1", city: "Tartu", postcode: "50090", country: "EE",
        vatID: "EE100000001"))
    let models = [bench.model, try store.modelID(name("other"))]
    var accounts: [AccountID] = []
    var keys: [Principal] = []
    for number in 0..<2 {
      let account = try store.createAccount(name("lab \(number)"))
      try store.setState(.active, of: account)
      try store.setBuyer(
        Party(
          name: "Lab", street: "Street 2", city: "Tartu", postcode: "50090", country: "EE",
          vatID: "EE2"), of: account)
      accounts.append(account)
      for _ in 0...number {
        let key = try store.createKey(label: name("key"), account: account)
        bench.meter.refreshKeys()
        keys.append(try bench.meter.authenticate(key.text))
      }
    }

    var generator = SeededGenerator(seed: 2028)
    var prices: [ModelID: [Int64]] = [:]
    /// By account and month of Tallinn: what is charged. Beside it all that was counted.
    var charged: [AccountID: [UTCMonth: Counters]] = [:]
    var all = LedgerSums()

    func publish(_ model: ModelID) throws {
      let input = Int64.random(in: 1...9_000_000_000, using: &generator)
      let list = [
        input, Int64.random(in: 1...input, using: &generator),
        Int64.random(in: 1...20_000_000_000, using: &generator),
        Int64.random(in: 1...20_000_000_000, using: &generator),
        Int64.random(in: 1...500_000_000, using: &generator),
        Int64.random(in: 1...90_000_000_000, using: &generator),
      ]
      _ = try store.publishPrices(
        #require(
          Prices(
            input: list[0], cachedInput: list[1], output: list[2], reasoning: list[3],
            audioMillisecond: list[4], request: list[5])), model: model)
      bench.meter.refreshKeys()
      prices[model] = list
    }
    func use() async throws {
      let model = try #require(models.randomElement(using: &generator))
      let who = try #require(keys.randomElement(using: &generator))
      let prompt = Int64.random(in: 1...3000, using: &generator)
      let lease = LeaseHolder(
        try bench.meter.admit(
          who,
          AdmissionRequest(
            model: model, kind: .chat, promptTokens: prompt, maxCompletionTokens: 900,
            contextLeft: 4096)))
      // The prices of the beginning hold, and the month of the end.
      let list = try #require(prices[model])
      if Int.random(in: 0..<20, using: &generator) == 0 { try publish(model) }
      bench.clock.advance(.milliseconds(Int64.random(in: 0...90_000, using: &generator)))
      let completion = Int64.random(in: 0...900, using: &generator)
      let usage = TokenUsage(
        promptTokens: prompt,
        cachedPromptTokens: Int64.random(in: 0...prompt, using: &generator),
        completionTokens: completion,
        reasoningTokens: Int64.random(in: 0...completion, using: &generator),
        audioMilliseconds: Int64.random(in: 0...500, using: &generator))
      let status = try #require(
        [RequestStatus.completed, .completed, .cancelled, .stoppedByBudget, .failed, .rejected]
          .randomElement(using: &generator))
      try await lease.take()?.settle(
        Settlement(usage: usage, status: status, httpStatus: 200, latency: .seconds(1)))
      all.requests += 1
      all.usage = all.usage.adding(usage)
      if status.isBillable {
        let month = zone.month(wallMilliseconds: bench.clock.clock.wallMilliseconds())
        charged[who.account, default: [:]][month, default: Counters()].count(usage, at: list)
      }
    }
    func go(to moment: Int64) {
      let rest = moment - bench.clock.clock.wallMilliseconds()
      if rest > 0 { bench.clock.advance(.milliseconds(rest)) }
    }

    for model in models { try publish(model) }
    // Both changes of the clock, the leap day, and each month's last and first moments.
    var moments = (start..<end).striding(by: 86_400_000 / Self.perDay)
    for text in [
      "2028-03-26T00:59:59.500Z", "2028-10-29T00:59:59.500Z", "2028-02-29T12:00:00.000Z",
    ] {
      let moment = try milliseconds(text)
      moments += [moment, moment + 1000, moment + 3_600_000]
    }
    let months = (0..<12).reduce(into: [try #require(UTCMonth("2028-01"))]) { months, _ in
      months.append(months[months.count - 1].next)
    }
    for month in months {
      let edge = zone.hours(of: month).lowerBound * 3_600_000
      moments += [edge - 30_000, edge, edge + 100]
    }
    for moment in moments.sorted() {
      go(to: moment)
      try await use()
    }
    go(to: end + 2 * 86_400_000)

    // Events and rollups.
    var (events, rollups) = (LedgerSums(), LedgerSums())
    for month in try store.months() {
      let sums = try store.sums(month: month)
      #expect(sums.events == sums.rollups)
      events = events.adding(sums.events)
      rollups = rollups.adding(sums.rollups)
    }
    let total = charged.values.flatMap(\.values).reduce(0) { $0 + $1.cost }
    all.cost = MoneySum(rawValue: Int128(total))
    #expect(events == all && rollups == all)

    // Drafts and invoices, month by month of Tallinn.
    for account in accounts {
      for month in months.dropLast() {
        let expected = charged[account]?[month] ?? Counters()
        let draft = try store.draftInvoice(account: account, month: month)
        #expect(draft.lines.reduce(0) { $0 + $1.exact.rawValue } == expected.cost, "\(month)")
        let invoice = try #require(try store.issueInvoice(account: account, month: month)).document
        var units = [Int64](repeating: 0, count: 6)
        for line in invoice.lines {
          units[try #require(Self.titles.firstIndex(of: line.meter))] += line.units
        }
        #expect(units == expected.units, "\(month)")
        #expect(invoice.netCents == invoice.lines.reduce(0) { $0 + $1.netCents })
        let again = try store.issueInvoice(account: account, month: month)?.document
        #expect(again == invoice)
      }
    }
    #expect(all.requests > 365 * Self.perDay)
  }

  private func milliseconds(_ text: String) throws -> Int64 {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return Int64((try Date(text, strategy: style).timeIntervalSince1970 * 1000).rounded())
  }
}

extension Range<Int64> {
  fileprivate func striding(by step: Int64) -> [Int64] {
    Array(stride(from: lowerBound, to: upperBound, by: Int64.Stride(step)))
  }
}
