// Spend limits: what is spent and reserved never exceeds a cap, and nothing is left unused.

import FoundationEssentials
import Metering
import Synchronization
import Testing

@Suite struct SpendTests {
  private let account = LimitScope.account(AccountID(rawValue: 1))

  /// A meter whose model costs 0.10 EUR per million prompt tokens and 0.40 per million others.
  private func bench(
    cap cents: Int64?, ledger: (any UsageLedger)? = nil
  ) throws -> (MeterBench, NewKey) {
    let bench = try MeterBench(ledger: ledger) { $0.keyLimits = LimitRule() }
    try publish(bench, input: 100_000, output: 400_000)
    try bench.meter.store.setBudget(
      cents.map { Budget(hard: PicoEuro(cents: $0)) }, for: account)
    return (bench, try bench.key())
  }

  private func publish(_ bench: MeterBench, input: Int64, output: Int64) throws {
    _ = try bench.meter.store.publishPrices(
      #require(Prices(input: input, cachedInput: input / 4, output: output)), model: bench.model,
      effectiveFromMilliseconds: bench.clock.clock.wallMilliseconds())
    bench.meter.refreshKeys()
  }

  @Test func fiveHundredStreamsEndAtTheLastTokenThatAEuroPaysFor() async throws {
    let (bench, key) = try bench(cap: 100, ledger: MemoryLedger())
    // A dearer model, so that a euro ends soon: 2 µEUR a prompt token, 20 µEUR an output token.
    try publish(bench, input: 2_000_000, output: 20_000_000)
    let who = try bench.meter.authenticate(key.text)
    let served = try await bench.fiveHundredStreams(
      who, refusal: .organizationSpendLimitExceeded)
    let (spent, reserved) = bench.meter.spending(of: account)
    #expect(reserved == .zero)
    #expect(spent <= PicoEuro(rawValue: 1_000_000_000_000))
    #expect(spent > PicoEuro(rawValue: 990_000_000_000))
    #expect(served > 0)
  }

  @Test func anAnswerStopsAtTheLastTokenThatIsPaidFor() async throws {
    let (bench, key) = try bench(cap: nil)
    let who = try bench.meter.authenticate(key.text)
    // 100 prompt tokens and exactly 700 output tokens.
    let cap = PicoEuro(rawValue: 100 * 100_000 + 700 * 400_000)
    try bench.meter.store.setBudget(Budget(hard: cap), for: account)
    bench.meter.refreshKeys()
    let lease = try bench.meter.admit(
      who,
      AdmissionRequest(model: bench.model, kind: .chat, promptTokens: 100, contextLeft: 9999))
    for count in 1..<700 { #expect(lease.advance(completionTokens: Int64(count)) == .proceed) }
    #expect(lease.advance(completionTokens: 700) == .budgetSpent)
    try await lease.settle(
      Settlement(
        usage: TokenUsage(promptTokens: 100, completionTokens: 700), status: .stoppedByBudget,
        httpStatus: 200, latency: .seconds(1)))
    #expect(bench.meter.spending(of: account).spent == cap)
    let row = try #require(try bench.rows().first)
    #expect(row.cost == cap)
    #expect(row.isBillable)
    let error = try #require(
      refusal { () throws(MeterError) in _ = try bench.meter.admit(who, bench.request()) })
    #expect(error.httpStatus == 429)
    #expect(error.kind == .insufficientQuota)
    #expect(!error.shouldRetry)
    #expect(error.retryAfterMilliseconds == nil)
  }

  @Test func aKeysCapAndItsAccountsCapAreToldApart() throws {
    let (bench, key) = try bench(cap: nil)
    let who = try bench.meter.authenticate(key.text)
    try bench.meter.store.setBudget(Budget(hard: .zero), for: .key(key.record.id))
    bench.meter.refreshKeys()
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      }?.code == .projectSpendLimitExceeded)
    try bench.meter.store.setBudget(nil, for: .key(key.record.id))
    try bench.meter.store.setBudget(Budget(hard: .zero), for: account)
    bench.meter.refreshKeys()
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      }?.code == .organizationSpendLimitExceeded)
    try bench.meter.store.setBudget(nil, for: account)
    bench.meter.refreshKeys()
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      } == nil)
  }

  @Test func whatARateLimitRefusesReservesNoMoney() throws {
    let (bench, _) = try bench(cap: 100)
    let limited = try bench.key(limits: LimitRule(requests: RateLimit(perMinute: 1, burst: 1)))
    let who = try bench.meter.authenticate(limited.text)
    _ = try bench.meter.admit(who, bench.request())
    let before = bench.meter.spending(of: account)
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      }?.code == .rateLimitExceeded)
    #expect(bench.meter.spending(of: account) == before)
  }

  @Test func aRestartForgetsNothingThatWasSpent() async throws {
    let (bench, key) = try bench(cap: 100)
    let who = try bench.meter.authenticate(key.text)
    try await bench.meter.admit(who, bench.request()).settle(completed())
    let spent = bench.meter.spending(of: account).spent
    #expect(spent.rawValue == 10 * 100_000 + 5 * 400_000)
    // A request that began last month and ends in this one counts here.
    let late = try bench.meter.admit(who, bench.request())
    bench.clock.advance(.seconds(31 * 86_400))
    try await late.settle(completed())
    #expect(bench.meter.spending(of: account).spent == spent)
    try await bench.meter.admit(who, bench.request()).settle(completed())
    try await bench.meter.close()
    let store = try UsageStore(folder: bench.folder.path, mode: .administering)
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    #expect(try store.spent(in: month)[account]?.rawValue == 2 * spent.rawValue)
    #expect(try store.spent(in: month)[.key(key.record.id)]?.rawValue == 2 * spent.rawValue)
    #expect(try store.spent(in: month.previous)[account] == spent)
  }

  @Test func pricesAreNeverChangedAndNeverBeginInThePast() throws {
    let (bench, _) = try bench(cap: nil)
    #expect(throws: UsageStoreError.self) {
      _ = try bench.meter.store.publishPrices(
        #require(Prices(input: 1)), model: bench.model,
        effectiveFromMilliseconds: bench.clock.clock.wallMilliseconds() - 1)
    }
    #expect(try bench.meter.store.priceLists().count == 1)
  }

  @Test func countersEventsAndRollupsAreEqualWhateverHappens() async throws {
    let (bench, key) = try bench(cap: nil)
    let who = try bench.meter.authenticate(key.text)
    var generator = SeededGenerator(seed: 8)
    var expected = LedgerSums()
    for round in 0..<400 {
      if round % 50 == 0 {
        try publish(
          bench, input: Int64.random(in: 0...500_000, using: &generator),
          output: Int64.random(in: 0...900_000, using: &generator))
      }
      bench.clock.advance(.seconds(Int64.random(in: 0...4000, using: &generator)))
      let prompt = Int64.random(in: 1...2000, using: &generator)
      let lease = try bench.meter.admit(who, bench.request(prompt: prompt, most: 500))
      let completion = Int64.random(in: 0...500, using: &generator)
      let usage = TokenUsage(
        promptTokens: prompt,
        cachedPromptTokens: Int64.random(in: 0...prompt, using: &generator),
        completionTokens: completion,
        reasoningTokens: Int64.random(in: 0...completion, using: &generator))
      let status = try #require(
        [RequestStatus.completed, .cancelled, .failed, .rejected].randomElement(using: &generator))
      let list = PriceBook(try bench.meter.store.priceLists())
        .list(of: bench.model, at: bench.clock.clock.wallMilliseconds())
      try await lease.settle(
        Settlement(usage: usage, status: status, httpStatus: 200, latency: .seconds(1)))
      expected.requests += 1
      expected.usage = expected.usage.adding(usage)
      if status.isBillable {
        expected.cost += MoneySum(try #require(list).prices.cost(of: usage))
      }
    }
    var events = LedgerSums()
    var rollups = LedgerSums()
    for month in try bench.meter.store.months() {
      let sums = try bench.meter.store.sums(month: month)
      events = events.adding(sums.events)
      rollups = rollups.adding(sums.rollups)
    }
    #expect(events == expected)
    #expect(rollups == expected)
    #expect(expected.cost > .zero)
  }

  @Test func spentAndReservedNeverExceedACapAndEveryReservationEnds() {
    var generator = SeededGenerator(seed: 4)
    let scopes = [LimitScope.key(KeyID(rawValue: 1)), account]
    for _ in 0..<200 {
      var book = SpendBook(month: UTCMonth(wallMilliseconds: 0))
      let caps = [
        scopes[0]: PicoEuro(rawValue: Int64.random(in: 0...1000, using: &generator)),
        scopes[1]: PicoEuro(rawValue: Int64.random(in: 0...1000, using: &generator)),
      ]
      book.setBudgets(caps.mapValues { Budget(hard: $0) })
      var open: [PicoEuro] = []
      for _ in 0..<50 {
        if Bool.random(using: &generator) {
          let amount = PicoEuro(rawValue: Int64.random(in: 0...300, using: &generator))
          let room = book.room(in: scopes)
          let refused = book.reserve(amount, for: scopes)
          #expect((refused == nil) == (amount <= room))
          if refused == nil { open.append(amount) }
        } else if let amount = open.popLast() {
          let spent = PicoEuro(rawValue: Int64.random(in: 0...amount.rawValue, using: &generator))
          book.settle(reserved: amount, spent: spent, for: scopes)
        }
        for scope in scopes {
          let total = book.spent(in: scope).rawValue + book.reserved(in: scope).rawValue
          #expect(total <= caps[scope]?.rawValue ?? 0)
        }
      }
      for amount in open { book.settle(reserved: amount, spent: .zero, for: scopes) }
      for scope in scopes { #expect(book.reserved(in: scope) == .zero) }
    }
  }

  @Test func aNewMonthBeginsWithNothingSpentAndAnOldOneDoesNotComeBack() throws {
    let first = try #require(UTCMonth("2026-11"))
    let second = try #require(UTCMonth("2026-12"))
    var book = SpendBook(month: first, spent: [account: PicoEuro(rawValue: 90)])
    book.setBudgets([account: Budget(hard: PicoEuro(rawValue: 100))])
    #expect(book.reserve(PicoEuro(rawValue: 10), for: [account]) == nil)
    #expect(book.reserve(PicoEuro(rawValue: 1), for: [account]) == .cap(account))
    book.begin(second)
    #expect(book.spent(in: account) == .zero)
    #expect(book.reserved(in: account).rawValue == 10)
    #expect(book.room(in: [account]).rawValue == 90)
    book.begin(first)
    #expect(book.month == second)
  }
}
