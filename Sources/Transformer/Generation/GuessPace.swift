// How many tokens are guessed at once, by how earlier guesses did.

/// A guess costs a fraction of a step where it is wrong and saves a whole one where it is right: their
/// number grows while they are right, and after several wrong ones none are made for a while.
struct GuessPace {
  /// Which of the lengths is used now.
  private var level = 1
  private let highest: Int
  /// Steps until guesses are made again.
  private var pause = 0
  private var failures = 0

  /// With the row before them they fill the kernels' tiles of 2, 4, 8 and 12 rows.
  private static let lengths = [1, 3, 7, 11]
  /// Steps without a right guess in a row that are forgiven.
  private static let patience = 2
  /// The longest pause is 32 steps.
  private static let mostDoublings = 5

  /// - Parameter longest: guesses that are made at once, at most.
  init(longest: Int) { highest = Self.lengths.lastIndex { $0 <= longest } ?? 0 }

  /// Guesses that are made at once now.
  var length: Int { Self.lengths[min(level, highest)] }

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
      level = min(level + 1, highest)
    } else if 2 * right < guessed {
      level = max(level - 1, 0)
    }
    failures = right > 0 ? 0 : failures + 1
    if failures > Self.patience {
      pause = 1 << min(failures - Self.patience, Self.mostDoublings)
    }
  }
}
