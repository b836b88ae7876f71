// What tokens lose that go on with a repetition ("DRY"), by llama.cpp's names.

import Synchronization
import Tokenizer
import Transformer

/// The `dry_*` fields of a request that wants them.
struct RepetitionFields: Sendable {
  private let multiplier: Float
  private let base: Float
  private let allowedLength: Int
  private let lastN: Int
  /// Texts that no repetition goes across.
  let breakers: [String]

  /// What llama.cpp takes where a request names none.
  fileprivate static let standardBreakers = ["\n", ":", "\"", "*"]
  private static let breakerCount = 64
  private static let breakerBytes = 40

  /// Nil where repetitions cost nothing; the fields are checked all the same.
  init?(_ fields: inout RequestFields) throws(APIError) {
    multiplier = Float(try fields.number("dry_multiplier", in: 0...100) ?? 0)
    base = Float(try fields.number("dry_base", in: 1...100) ?? 1.75)
    allowedLength = try fields.integer("dry_allowed_length", in: 0...Int(Int32.max)) ?? 2
    lastN = try fields.integer("dry_penalty_last_n", in: -1...Int(Int32.max)) ?? -1
    var breakers = Self.standardBreakers
    if let elements = try fields.elements("dry_sequence_breakers", atMost: Self.breakerCount) {
      breakers = []
      for (index, element) in elements.enumerated() {
        let name = "dry_sequence_breakers[\(index)]"
        guard case .string(let text) = element else {
          throw fields.mistyped(name, "a string", element)
        }
        guard (1...Self.breakerBytes).contains(text.utf8.count) else {
          throw fields.invalid(
            name, "invalid_value", "must have 1 to \(Self.breakerBytes) bytes")
        }
        breakers.append(text)
      }
    }
    self.breakers = breakers
    if multiplier == 0 { return nil }
  }

  /// - Parameter breakers: the tokens that contain the texts of `breakers`.
  func apply(to options: inout SamplingOptions, breakers: Set<TokenID>) {
    options.dryMultiplier = multiplier
    options.dryBase = base
    options.dryAllowedLength = allowedLength
    options.dryLastN = lastN
    options.dryBreakers = breakers
  }
}

/// The tokens that contain texts. What the standard texts come to is kept, and the vocabulary, which is
/// no secret; other texts are a request's, and nothing of them stays.
final class BreakerTokens: Sendable {
  private struct State {
    var standard: Set<TokenID>?
    var vocabulary: JoinedVocabulary?
  }

  private let state = Mutex(State())

  func tokens(containing texts: [String], _ engine: any TextEngine) -> Set<TokenID> {
    let isStandard = texts == RepetitionFields.standardBreakers
    let (standard, known) = state.withLock { ($0.standard, $0.vocabulary) }
    if isStandard, let standard { return standard }
    let vocabulary = known ?? JoinedVocabulary(engine)
    let found = vocabulary.tokens(containing: texts.map { Array($0.utf8) })
    state.withLock { state in
      state.vocabulary = vocabulary
      if isStandard { state.standard = found }
    }
    return found
  }
}

/// The bytes of all tokens, one behind the other.
private struct JoinedVocabulary: Sendable {
  private var bytes: [UInt8] = []
  /// Where each token's end, by id.
  private var ends: [Int] = []

  init(_ engine: any TextEngine) {
    for id in 0..<TokenID(clamping: engine.facts.vocabularyCount) {
      bytes += engine.bytes(of: id)
      ends.append(bytes.count)
    }
  }

  func tokens(containing texts: [[UInt8]]) -> Set<TokenID> {
    var beginsOne = [Bool](repeating: false, count: 256)
    for text in texts { if let first = text.first { beginsOne[Int(first)] = true } }
    var found: Set<TokenID> = []
    var start = 0
    for (id, end) in ends.enumerated() {
      for place in start..<end where beginsOne[Int(bytes[place])] {
        guard texts.contains(where: { bytes[place..<end].starts(with: $0) }) else { continue }
        found.insert(TokenID(id))
        break
      }
      start = end
    }
    return found
  }
}
