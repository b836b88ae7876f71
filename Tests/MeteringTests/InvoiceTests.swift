// Invoices: the same integers as the events, rounded once a line.

import Metering
import Testing

@Suite struct InvoiceTests {
  private let account = AccountID(rawValue: 1)

  private func list(_ id: Int64, _ prices: Prices?) throws -> PriceList {
    PriceList(
      id: PriceID(rawValue: id), model: ModelID(rawValue: 1), prices: try #require(prices),
      effectiveFromMilliseconds: 0)
  }

  private func usage(_ list: PriceList, requests: Int64, _ usage: TokenUsage) throws
    -> BillableUsage
  {
    var sums = LedgerSums()
    sums.requests = requests
    sums.usage = usage
    // One request's price is in the cost of one usage; the others' is added.
    sums.cost =
      MoneySum(try list.prices.cost(of: usage))
      + PicoEuro(rawValue: list.prices.request).total(for: requests - 1)
    return BillableUsage(model: list.model, price: list.id, sums: sums)
  }

  /// Worked by hand: 3,000,000 input at 0.20 EUR a million = 60 cents; 1,000,000 cached at 0.05 = 5;
  /// 123,456 output at 0.80 = 9.87648, rounded to 10; 7,000 reasoning at 0.80 = 0.56, rounded to 1.
  @Test(arguments: [(2400, 18), (2200, 17), (0, 0)] as [(Int64, Int64)])
  func anInvoiceHasOneLineForEachKindOfUnit(basisPoints: Int64, tax: Int64) throws {
    let list = try list(7, Prices(input: 200_000, cachedInput: 50_000, output: 800_000))
    let part = try usage(
      list, requests: 9,
      TokenUsage(
        promptTokens: 4_000_000, cachedPromptTokens: 1_000_000, completionTokens: 130_456,
        reasoningTokens: 7000))
    let draft = try InvoiceDraft(
      account: account, month: #require(UTCMonth("2028-02")), usage: [part], lists: [list],
      taxRule: .rate(basisPoints: basisPoints))
    #expect(draft.lines.map(\.meter) == [.input, .cachedInput, .output, .reasoning])
    #expect(draft.lines.map(\.units) == [3_000_000, 1_000_000, 123_456, 7000])
    #expect(draft.lines.map(\.netCents) == [60, 5, 10, 1])
    #expect(draft.netCents == 76)
    #expect(draft.taxCents == tax)
    #expect(draft.grossCents == 76 + tax)
  }

  @Test func aReverseChargeOwesNoTaxHere() throws {
    let list = try list(1, Prices(input: 1_000_000))
    let part = try usage(list, requests: 1, TokenUsage(promptTokens: 5_000_000))
    let draft = try InvoiceDraft(
      account: account, month: #require(UTCMonth("2026-11")), usage: [part], lists: [list],
      taxRule: .reverseCharge)
    #expect(draft.netCents == 500 && draft.taxCents == 0)
  }

  @Test func aSinglePicoEuroTooMuchStopsTheInvoice() throws {
    let list = try list(1, Prices(input: 200_000, request: 5))
    let good = try usage(list, requests: 3, TokenUsage(promptTokens: 1000))
    var sums = good.sums
    sums.cost += MoneySum(rawValue: 1)
    let bad = BillableUsage(model: good.model, price: good.price, sums: sums)
    let month = try #require(UTCMonth("2026-11"))
    let error = #expect(throws: InvoiceError.self) {
      _ = try InvoiceDraft(
        account: account, month: month, usage: [bad], lists: [list], taxRule: .reverseCharge)
    }
    #expect(error == .unreconciled(list.id, lines: good.sums.cost, events: sums.cost))
    #expect(throws: InvoiceError.unknownPrice(list.id)) {
      _ = try InvoiceDraft(
        account: account, month: month, usage: [good], lists: [], taxRule: .reverseCharge)
    }
  }

  /// A leap year with a price change in the middle of each third month: what the engine counted is
  /// what the invoices of the twelve months say, by equality.
  @Test func aYearOfCountersEqualsItsInvoices() async throws {
    let start: Int64 = 1_830_297_600_000  // 2028-01-01 00:00 UTC
    let bench = try MeterBench(start: start) { $0.keyLimits = LimitRule() }
    let store = bench.meter.store
    let who = try bench.meter.authenticate(bench.key().text)
    var generator = SeededGenerator(seed: 28)
    var expected: [UTCMonth: PicoEuro] = [:]
    for day in 0..<366 {
      let now = bench.clock.clock.wallMilliseconds()
      if day % 91 == 0 {
        let input = Int64.random(in: 1...400_000, using: &generator)
        _ = try store.publishPrices(
          #require(
            Prices(
              input: input, cachedInput: input / 3,
              output: Int64.random(in: 1...900_000, using: &generator), request: 17)),
          model: bench.model, effectiveFromMilliseconds: now)
        bench.meter.refreshKeys()
      }
      let list = try #require(PriceBook(try store.priceLists()).list(of: bench.model, at: now))
      let lease = try bench.meter.admit(who, bench.request(prompt: 2000, most: 500))
      // Some requests run over midnight, and so over the ends of months.
      bench.clock.advance(.seconds(day % 5 == 0 ? 86_400 : 0))
      let settled = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
      let completion = Int64.random(in: 0...500, using: &generator)
      let usage = TokenUsage(
        promptTokens: 2000, cachedPromptTokens: Int64.random(in: 0...2000, using: &generator),
        completionTokens: completion,
        reasoningTokens: Int64.random(in: 0...completion, using: &generator))
      try await lease.settle(
        Settlement(
          usage: usage, status: day % 7 == 0 ? .failed : .completed, httpStatus: 200,
          latency: .seconds(1)))
      if day % 7 != 0 {
        expected[settled] = try (expected[settled] ?? .zero).adding(list.prices.cost(of: usage))
      }
      bench.clock.advance(.seconds(day % 5 == 0 ? 0 : 86_400))
    }
    var month = UTCMonth(wallMilliseconds: start)
    var total = PicoEuro.zero
    for _ in 0..<13 {
      let draft = try InvoiceDraft(
        account: who.account, month: month,
        usage: store.billableUsage(account: who.account, month: month),
        lists: store.priceLists(), taxRule: .rate(basisPoints: 2400))
      var exact = PicoEuro.zero
      for line in draft.lines { exact = try exact.adding(line.exact) }
      #expect(exact == expected[month] ?? .zero)
      #expect(try store.spent(in: month)[.account(who.account)] ?? .zero == exact)
      #expect(draft.netCents == draft.lines.map(\.netCents).reduce(0, +))
      total = try total.adding(exact)
      month = month.next
    }
    #expect(total > .zero)
    #expect(try expected.values.reduce(PicoEuro.zero) { try $0.adding($1) } == total)
  }
}
