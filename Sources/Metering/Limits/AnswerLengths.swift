// How long a model's answers were lately: what a request reserves that does not say how long its own may
// get. Too little and every answer has to ask for more; too much and limits refuse what would have fit.

/// Lengths of recent answers, the older the less they count. A pure value of fixed size.
struct AnswerLengths: Sendable {
  /// Fewer answers than this tell nothing.
  static let leastCount = 20
  /// At so many all counts are halved, so that the last few hundred answers decide.
  private static let mostCount = 512
  /// Lengths below 8 have a class each, above there are 8 to a power of two: a class is at most an
  /// eighth wide. The last one, from 2^24 on, has all that is longer.
  private static let classCount = 8 + 21 * 8

  private var counts: [UInt16] = []
  private var total = 0
  /// The length that 95 of 100 answers did not exceed, rounded up by an eighth at most; nil while too
  /// few are known.
  private(set) var p95: Int64?

  /// Takes one answer into account.
  mutating func note(_ tokens: Int64) {
    if counts.isEmpty { counts = Array(repeating: 0, count: Self.classCount) }
    counts[Self.place(of: tokens)] += 1
    total += 1
    if total >= Self.mostCount {
      for place in counts.indices { counts[place] /= 2 }
      total = counts.reduce(0) { $0 + Int($1) }
    }
    guard total >= Self.leastCount else { return }
    // At most one in twenty is longer.
    var longer = 0
    for place in counts.indices.reversed() {
      longer += Int(counts[place])
      if longer * 20 > total {
        p95 = Self.longest(in: place)
        return
      }
    }
  }

  private static func place(of tokens: Int64) -> Int {
    guard tokens >= 8 else { return Int(max(0, tokens)) }
    let power = 63 - tokens.leadingZeroBitCount
    let eighth = Int(tokens >> Int64(power - 3)) & 7
    return min(classCount - 1, 8 + (power - 3) * 8 + eighth)
  }

  private static func longest(in place: Int) -> Int64 {
    guard place >= 8 else { return Int64(place) }
    let (power, eighth) = ((place - 8) / 8, Int64((place - 8) % 8))
    return (9 + eighth) << Int64(power) - 1
  }
}

extension AdmissionRequest {
  /// How many output tokens are reserved at first: all that were asked for, or else what answers of the
  /// model came to lately, as far as limits could ever let it pass. Whoever names no length is not
  /// refused for one.
  func reservedTokens(expecting lengths: AnswerLengths?, under rules: [ScopedRule]) -> Int64 {
    if let maxCompletionTokens { return min(maxCompletionTokens, contextLeft) }
    let expected = max(1, lengths?.p95 ?? MeterCore.extensionStep)
    let (all, overflow) = expected.multipliedReportingOverflow(by: answerCount)
    var tokens = min(overflow ? .max : all, contextLeft)
    for (_, rule) in rules {
      if let limit = rule.outputTokens { tokens = min(tokens, limit.burst) }
      if let limit = rule.tokens { tokens = min(tokens, max(0, limit.burst - promptTokens)) }
    }
    return tokens
  }
}
