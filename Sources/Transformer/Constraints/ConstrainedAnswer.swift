// An answer under a constraint, as the engine generates it.

import Constraints
import Tokenizer

/// Where an answer stands, and what may come next.
struct ConstrainedAnswer: Sendable {
  private let runtime: ConstraintRuntime
  private var state: ConstraintState

  init(_ runtime: ConstraintRuntime) {
    self.runtime = runtime
    state = runtime.start
  }

  /// Takes the tokens out of the choice that may not follow the answer and `guessed` tokens. Does
  /// nothing where a guess may not stand, as nobody will ask what follows it.
  ///
  /// - Parameter room: tokens that the answer may still have after the guessed ones.
  func restrict(
    _ logits: inout [Float], after guessed: ArraySlice<TokenID>, room: Int
  ) throws(ConstraintError) {
    var state = state
    for id in guessed {
      guard let next = try runtime.advance(state, by: id) else { return }
      state = next
    }
    try runtime.mask(for: state, room: room)?.apply(to: &logits)
  }

  /// Goes on by a token of the answer.
  ///
  /// - Throws: where the token may not stand, as no token might.
  mutating func accept(_ id: TokenID) throws(ConstraintError) {
    guard let next = try runtime.advance(state, by: id) else {
      throw ConstraintError(
        .tooComplex, "the constraint cannot be followed: no token of the vocabulary goes on")
    }
    state = next
  }

  /// Whether what has been generated satisfies the constraint as it stands. An answer that stops
  /// within free words is cut off.
  var isComplete: Bool { runtime.isComplete(state) && !runtime.isWithinWords(state) }

  /// Whether nothing can follow.
  var isOver: Bool { runtime.isOver(state) }
}
