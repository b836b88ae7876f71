// The two measurements of apus bench.

import Foundation
import Tokenizer
import Transformer

/// Times one session. Blocks.
struct SpeedTest {
  /// The times of one test.
  struct Result {
    /// Tokens read at once, or 0.
    let promptCount: Int
    /// Tokens written one by one, or 0.
    let generatedCount: Int
    /// When the test began.
    let start: Date
    /// Each run's time.
    let nanoseconds: [Int]

    /// `pp512` or `tg128`.
    var name: String { promptCount > 0 ? "pp\(promptCount)" : "tg\(generatedCount)" }
    /// Each run's tokens in a second.
    var speeds: [Double] {
      nanoseconds.map { Double(promptCount + generatedCount) * 1e9 / Double(max($0, 1)) }
    }
  }

  let model: Model
  let session: Session
  let repetitions: Int

  /// Reads `count` random tokens at once; only the last one's logits are wanted.
  func prefill(_ count: Int) throws -> Result {
    let tokens = randomTokens(count)
    func once() throws {
      session.reset()
      try session.evaluate(tokens, logits: .last) { _ in }
    }
    let start = Date()
    try once()
    return Result(
      promptCount: count, generatedCount: 0, start: start,
      nanoseconds: try (0..<repetitions).map { _ in try time(once) })
  }

  /// Writes `count` tokens one by one, each with its logits. Which they are is random: choosing
  /// them is no part of what is measured.
  func decode(_ count: Int) throws -> Result {
    let tokens = randomTokens(count)
    func write(_ tokens: some Sequence<TokenID>) throws {
      session.reset()
      for token in tokens { try session.evaluate([token], logits: .last) { _ in } }
    }
    let start = Date()
    try write(tokens.prefix(1))
    return Result(
      promptCount: 0, generatedCount: count, start: start,
      nanoseconds: try (0..<repetitions).map { _ in try time { try write(tokens) } })
  }

  private func time(_ body: () throws -> Void) rethrows -> Int {
    let start = ContinuousClock.now
    try body()
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
  }

  /// The same tokens every time: the model's beginning, if it has one, and a linear congruential
  /// sequence (Knuth's MMIX constants).
  private func randomTokens(_ count: Int) -> [TokenID] {
    var state: UInt64 = 42
    var tokens = (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return TokenID((state >> 33) % UInt64(max(1, model.info.vocabularyCount)))
    }
    if let first = model.tokenizer.beginID, !tokens.isEmpty { tokens[0] = first }
    return tokens
  }
}
