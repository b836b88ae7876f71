// How many tokens are guessed at once, by how earlier guesses did.

/// Guesses cost time where they are wrong: their number grows while they are right, and after wrong
/// ones none are made for a while.
struct GuessPace {
  /// Guesses that are made at once now.
  private(set) var length = startLength
  /// Steps until guesses are made again.
  private var pause = 0
  private var failures = 0
  private let longest: Int

  private static let startLength = 4
  private static let longestPause = 32

  init(longest: Int) { self.longest = longest }

  /// Whether this step shall do without guesses; counts it.
  mutating func isPausing() -> Bool {
    guard pause > 0 else { return false }
    pause -= 1
    return true
  }

  /// Of `guessed` tokens so many were right.
  mutating func note(right: Int, guessed: Int) {
    guard guessed > 0 else { return }
    if right == guessed {
      length = min(2 * length, longest)
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
