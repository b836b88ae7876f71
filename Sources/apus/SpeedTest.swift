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
    /// Tokens that were in the context before.
    let depth: Int
    /// When the test began.
    let start: Date
    /// Each run's time.
    let nanoseconds: [Int]

    /// `pp512` or `tg128`, or `tg128 @ d2048` in a context that holds tokens.
    var name: String {
      (promptCount > 0 ? "pp\(promptCount)" : "tg\(generatedCount)")
        + (depth > 0 ? " @ d\(depth)" : "")
    }
    /// Each run's tokens in a second.
    var speeds: [Double] {
      nanoseconds.map { Double(promptCount + generatedCount) * 1e9 / Double(max($0, 1)) }
    }
  }

  let model: Model
  let session: Session
  /// Tokens in the context before each run.
  let depth: Int
  let repetitions: Int

  /// Reads `count` random tokens at once; only the last one's logits are wanted.
  func prefill(_ count: Int) throws -> Result {
    let tokens = randomTokens(count)
    return try measure(promptCount: count, warmUp: tokens) {
      try session.evaluate(tokens, logits: .last) { _ in }
    }
  }

  /// Writes `count` tokens one by one, each with its logits. Which they are is random: choosing
  /// them is no part of what is measured.
  func decode(_ count: Int) throws -> Result {
    let tokens = randomTokens(count)
    return try measure(generatedCount: count, warmUp: Array(tokens.prefix(1))) {
      for token in tokens { try session.evaluate([token], logits: .last) { _ in } }
    }
  }

  private func measure(
    promptCount: Int = 0, generatedCount: Int = 0, warmUp: [TokenID], _ body: () throws -> Void
  ) throws -> Result {
    let start = Date()
    session.reset()
    try session.evaluate(warmUp, logits: .last) { _ in }
    session.reset()
    return Result(
      promptCount: promptCount, generatedCount: generatedCount, depth: depth, start: start,
      nanoseconds: try (0..<repetitions).map { _ in
        try prepareContext()
        return try time(body)
      })
  }

  /// Leaves `depth` tokens in the context. Those of the last run stay, where the model can go back.
  private func prepareContext() throws {
    if session.position > depth { session.truncate(to: depth) }
    guard session.position != depth || depth == 0 else { return }
    session.reset()
    if depth > 0 { try session.evaluate(randomTokens(depth), logits: .none) { _ in } }
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
