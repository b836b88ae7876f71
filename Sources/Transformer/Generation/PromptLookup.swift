// Guesses at the next tokens, from what stood after the same words before (Saxena 2023).

package import Tokenizer

/// Looks up the last tokens of a sequence in the sequence itself and guesses that they go on as they
/// did there. A forward pass checks all guesses at once, and only those stay that the sampler would
/// have chosen: the answer's bits do not change.
package struct PromptLookup {
  /// Where each run of `runLength` tokens ended last.
  private var ends: [Run: Int] = [:]
  /// The last place that is in `ends`; the end of the sequence never is.
  private var indexedCount = 0
  private var pace = GuessPace(longest: 11)

  private static let runLength = 3

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
    if pace.isPausing() { return [] }
    return tokens[start..<min(start + min(pace.length, max(0, room)), tokens.count)]
  }

  private static func run(of tokens: [TokenID], endingAt end: Int) -> Run {
    Run(a: tokens[end - 3], b: tokens[end - 2], c: tokens[end - 1])
  }

  /// Of `guessed` tokens so many were right.
  package mutating func note(right: Int, guessed: Int) {
    pace.note(right: right, guessed: guessed)
  }
}
