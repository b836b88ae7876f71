// Guesses at the next tokens, from what stood after the same words before (Saxena 2023).

package import Tokenizer

/// Looks up the last tokens of a sequence in the sequence itself and guesses that they go on as they
/// did there. A forward pass checks all guesses at once, and only those stay that the sampler would
/// have chosen: the answer's bits do not change.
///
/// Guesses cost time where they are wrong, so their number follows how they did.
package struct PromptLookup {
  /// Where each run of `runLength` tokens ended last.
  private var ends: [Run: Int] = [:]
  /// The last place that is in `ends`; the end of the sequence never is.
  private var indexedCount = 0
  /// Guesses that are made at once now.
  private var length = startLength
  /// Steps until it guesses again after it was wrong.
  private var pause = 0
  private var failures = 0

  private static let runLength = 3
  private static let startLength = 4
  private static let longest = 12
  private static let longestPause = 32

  package init() {}

  private struct Run: Hashable {
    let a, b, c: TokenID
  }

  /// What may follow `tokens`, at most `room` of them; empty where nothing is known.
  package mutating func guess(after tokens: [TokenID], room: Int) -> ArraySlice<TokenID> {
    guard tokens.count > Self.runLength else { return [] }
    while indexedCount < tokens.count - 1 {
      indexedCount += 1
      if indexedCount >= Self.runLength {
        ends[Self.run(of: tokens, endingAt: indexedCount)] = indexedCount
      }
    }
    guard let start = ends[Self.run(of: tokens, endingAt: tokens.count)] else { return [] }
    guard pause == 0 else {
      pause -= 1
      return []
    }
    return tokens[start..<min(start + min(length, max(0, room)), tokens.count)]
  }

  private static func run(of tokens: [TokenID], endingAt end: Int) -> Run {
    Run(a: tokens[end - 3], b: tokens[end - 2], c: tokens[end - 1])
  }

  /// Of `guessed` tokens so many were right.
  package mutating func note(right: Int, guessed: Int) {
    guard guessed > 0 else { return }
    if right == guessed {
      length = min(2 * length, Self.longest)
      failures = 0
    } else if right > 0 {
      length = max(2, right + 1)
      failures = 0
    } else {
      failures += 1
      length = 2
      pause = min(1 << min(failures, 5), Self.longestPause)
    }
  }
}
