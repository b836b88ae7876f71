// What went wrong where tokens were chosen, kept until it is known whether the choice counts.

import Synchronization

/// Errors of choices that may still turn out to be for nothing, by place of the sequence. Choices
/// are made on several threads.
final class ChoiceFailures: Sendable {
  private let errors = Mutex<[Int: any Error]>([:])

  /// Keeps why nothing can be chosen for `place`.
  func note(_ error: any Error, at place: Int) {
    errors.withLock { $0[place] = error }
  }

  /// Throws what was noted of `place`.
  func check(_ place: Int) throws {
    if let error = errors.withLock({ $0[place] }) { throw error }
  }

  /// Forgets all: the next choices are others.
  func removeAll() {
    errors.withLock { $0.removeAll() }
  }
}
