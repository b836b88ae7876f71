// Money in integers: prices, costs, and the one rounding there is.

import Metering
import Testing

@Suite struct MoneyTests {
  @Test(
    arguments: [
      (0, 0), (1, 0), (4_999_999_999, 0), (5_000_000_000, 1), (9_999_999_999, 1),
      (10_000_000_000, 1), (14_999_999_999, 1), (15_000_000_000, 2), (-5_000_000_000, -1),
      (-4_999_999_999, 0), (1_000_000_000_000, 100), (.max, 922_337_204),
    ] as [(Int64, Int64)])
  func aLineIsRoundedHalfUpToCents(pico: Int64, cents: Int64) {
    #expect(PicoEuro(rawValue: pico).roundedCents == cents)
  }

  @Test(
    arguments: [
      (0, "0.00"), (1, "0.000000000001"), (1_500_000, "0.0000015"), (1_000_000_000_000, "1.00"),
      (-250_000_000_000, "-0.25"), (12_340_000_000_000, "12.34"),
    ] as [(Int64, String)])
  func amountsAreWrittenExactly(pico: Int64, text: String) {
    #expect(PicoEuro(rawValue: pico).description == text)
  }

  @Test func sumsAndProductsBeyondTheRangeAreErrors() throws {
    let most = PicoEuro(rawValue: .max)
    #expect(throws: MoneyError.outOfRange) { try most.adding(PicoEuro(rawValue: 1)) }
    #expect(throws: MoneyError.outOfRange) { try most.times(2) }
    #expect(try most.adding(.zero) == most)
    #expect(PicoEuro(cents: .max) == nil)
    #expect(PicoEuro(cents: 123)?.rawValue == 1_230_000_000_000)
    let prices = try #require(Prices(input: 1_000_000_000_000))
    #expect(throws: MoneyError.outOfRange) {
      try prices.cost(of: TokenUsage(promptTokens: 10_000_000))
    }
  }

  /// Worked by hand: 600·0.20 + 400·0.05 + 70·0.80 + 30·1.20 EUR per million, + 5000 ms at 2 µEUR
  /// per million, + 0.0001 EUR a request.
  @Test func aUsageCostsItsUnitsTimesTheirPrices() throws {
    let prices = try #require(
      Prices(
        input: 200_000, cachedInput: 50_000, output: 800_000, reasoning: 1_200_000,
        audioMillisecond: 2, request: 100_000_000))
    let usage = TokenUsage(
      promptTokens: 1000, cachedPromptTokens: 400, completionTokens: 100, reasoningTokens: 30,
      audioMilliseconds: 5000)
    #expect(
      try prices.cost(of: usage).rawValue
        == 120_000_000 + 20_000_000 + 56_000_000 + 36_000_000 + 10_000 + 100_000_000)
  }

  @Test func theWorstCaseIsNeverExceeded() throws {
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<2000 {
      let input = Int64.random(in: 0...1_000_000, using: &generator)
      let prices = try #require(
        Prices(
          input: input, cachedInput: Int64.random(in: 0...input, using: &generator),
          output: Int64.random(in: 0...1_000_000, using: &generator),
          reasoning: Int64.random(in: 0...1_000_000, using: &generator),
          audioMillisecond: Int64.random(in: 0...100, using: &generator),
          request: Int64.random(in: 0...1000, using: &generator)))
      let usage = TokenUsage(
        promptTokens: Int64.random(in: 0...5000, using: &generator),
        cachedPromptTokens: Int64.random(in: 0...5000, using: &generator),
        completionTokens: Int64.random(in: 0...5000, using: &generator),
        reasoningTokens: Int64.random(in: 0...5000, using: &generator),
        audioMilliseconds: Int64.random(in: 0...9000, using: &generator))
      let worst = try prices.worstCase(
        promptTokens: usage.promptTokens, completionTokens: usage.completionTokens,
        audioMilliseconds: usage.audioMilliseconds)
      #expect(try prices.cost(of: usage) <= worst)
    }
  }

  @Test func pricesThatBreakAPromiseAreRefused() {
    #expect(Prices(input: -1) == nil)
    #expect(Prices(input: 10, cachedInput: 11) == nil)
    #expect(Prices(input: 10, output: 1_000_000_000_001) == nil)
    #expect(Prices(input: 10)?.cachedInput == 10)
    #expect(Prices(input: 10, output: 7)?.reasoning == 7)
  }

  @Test func theListThatHoldsIsTheLastOneBegun() throws {
    let model = ModelID(rawValue: 1)
    func list(_ id: Int64, from: Int64) throws -> PriceList {
      PriceList(
        id: PriceID(rawValue: id), model: model, prices: try #require(Prices(input: id)),
        effectiveFromMilliseconds: from)
    }
    let book = PriceBook([
      try list(2, from: 200), try list(1, from: 100), try list(4, from: 300),
      try list(3, from: 300),
    ])
    let expected: [(Int64, Int64?)] = [
      (99, nil), (100, 1), (199, 1), (200, 2), (299, 2), (300, 4), (.max, 4),
    ]
    for (time, id) in expected {
      #expect(book.list(of: model, at: time)?.id.rawValue == id)
    }
    #expect(book.list(of: ModelID(rawValue: 2), at: 500) == nil)
  }
}
