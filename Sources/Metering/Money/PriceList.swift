// What the units of one model cost from some moment on.

/// The row number of a price list.
package struct PriceID: Hashable, Sendable {
  package let rawValue: Int64
  package init(rawValue: Int64) { self.rawValue = rawValue }
  /// The price of what has none.
  package static let none = PriceID(rawValue: 0)
}

/// Prices in millionths of a euro per 1,000,000 units, which is 1e-12 EUR per unit.
package struct Prices: Hashable, Sendable {
  package var input: Int64
  package var cachedInput: Int64
  package var output: Int64
  package var reasoning: Int64
  package var audioMillisecond: Int64
  package var request: Int64

  /// Prices; cached input costs what input does and reasoning what output does unless said
  /// otherwise. Nil where one is negative, above 1e12 (a euro per unit), or where a cached token
  /// would cost more than a computed one, which would break the promise of a reservation.
  package init?(
    input: Int64, cachedInput: Int64? = nil, output: Int64 = 0, reasoning: Int64? = nil,
    audioMillisecond: Int64 = 0, request: Int64 = 0
  ) {
    self.input = input
    self.cachedInput = cachedInput ?? input
    self.output = output
    self.reasoning = reasoning ?? output
    self.audioMillisecond = audioMillisecond
    self.request = request
    let all = [input, self.cachedInput, output, self.reasoning, audioMillisecond, request]
    guard all.allSatisfy({ (0...1_000_000_000_000).contains($0) }), self.cachedInput <= input
    else { return nil }
  }

  /// What a generated token costs at most.
  var dearestOutput: Int64 { max(output, reasoning) }

  /// The exact cost of a usage: whole units times whole prices, no division.
  package func cost(of usage: TokenUsage) throws(MoneyError) -> PicoEuro {
    let parts = [
      (usage.promptTokens - usage.cachedPromptTokens, input),
      (usage.cachedPromptTokens, cachedInput),
      (usage.completionTokens - usage.reasoningTokens, output),
      (usage.reasoningTokens, reasoning),
      (usage.audioMilliseconds, audioMillisecond),
      (1, request),
    ]
    var sum = PicoEuro.zero
    for (units, price) in parts {
      sum = try sum.adding(PicoEuro(rawValue: price).times(units))
    }
    return sum
  }

  /// The most that a request can cost: nothing found in the cache, every token at the dearer price.
  package func worstCase(
    promptTokens: Int64, completionTokens: Int64, audioMilliseconds: Int64 = 0
  ) throws(MoneyError) -> PicoEuro {
    try PicoEuro(rawValue: input).times(promptTokens)
      .adding(PicoEuro(rawValue: dearestOutput).times(completionTokens))
      .adding(PicoEuro(rawValue: audioMillisecond).times(audioMilliseconds))
      .adding(PicoEuro(rawValue: request))
  }
}

/// Prices as they were published. A list is never changed: a new one takes its place.
package struct PriceList: Hashable, Sendable {
  package let id: PriceID
  package let model: ModelID
  package let prices: Prices
  /// From when on it holds, wall milliseconds.
  package let effectiveFromMilliseconds: Int64

  /// A list.
  package init(id: PriceID, model: ModelID, prices: Prices, effectiveFromMilliseconds: Int64) {
    self.id = id
    self.model = model
    self.prices = prices
    self.effectiveFromMilliseconds = effectiveFromMilliseconds
  }
}

/// All price lists that were ever published.
package struct PriceBook: Sendable {
  private var listsByModel: [ModelID: [PriceList]] = [:]

  /// A book of these lists, in any order.
  package init(_ lists: [PriceList]) {
    listsByModel = Dictionary(grouping: lists, by: \.model).mapValues {
      // Of two that begin at the same moment the later published one holds.
      $0.sorted {
        ($0.effectiveFromMilliseconds, $0.id.rawValue)
          < ($1.effectiveFromMilliseconds, $1.id.rawValue)
      }
    }
  }

  /// The list that holds for a model at a moment; nil where it costs nothing yet.
  package func list(of model: ModelID, at wallMilliseconds: Int64) -> PriceList? {
    listsByModel[model]?.last { $0.effectiveFromMilliseconds <= wallMilliseconds }
  }
}
