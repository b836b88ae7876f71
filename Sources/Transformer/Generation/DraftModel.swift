// A small model that guesses what a large one will say (Leviathan, Kalman and Matias 2023).

import Tokenizer

/// Checks that a model can guess for another.
enum DraftModel {
  /// - Throws: `ModelError` where their tokens are not the same.
  static func check(_ draft: Model, for model: Model) throws(ModelError) {
    let (ours, theirs) = (model.tokenizer, draft.tokenizer)
    let count = model.info.vocabularyCount
    func refuse(_ reason: String) -> ModelError {
      ModelError(
        .badOption,
        "\(draft.info.name) cannot draft for \(model.info.name): \(reason); choose a draft model of "
          + "the same family")
    }
    guard draft.info.vocabularyCount == count else {
      throw refuse("it has \(draft.info.vocabularyCount) tokens, not \(count)")
    }
    for id in 0..<TokenID(count) where ours.text(of: id) != theirs.text(of: id) {
      throw refuse("their tokens \(id) differ")
    }
    guard ours.endOfGenerationIDs == theirs.endOfGenerationIDs else {
      throw refuse("their tokens that end an answer differ")
    }
  }
}

/// A draft model beside one sequence. What it guesses is checked by the model itself, all at once, so
/// the answer's bits do not change.
///
/// It reads what it does not know in slices, so that no step takes long.
final class DraftSequence {
  private let session: Session
  /// What the session holds.
  private var known: [TokenID] = []
  private var pace = GuessPace(longest: 7)

  /// Tokens that it reads in one step.
  private static let sliceLength = 64

  /// - Throws: `AllocationError`.
  init(_ model: Model) throws { session = try Session(model) }

  /// What may follow `tokens`, at most `room` of them; empty while it reads, or where it cannot.
  func guess(after tokens: [TokenID], room: Int) -> [TokenID] {
    var count = min(room, pace.length, session.contextLength - tokens.count)
    guard count > 0 else { return [] }
    var common = 0
    // The last token is read again, for its logits.
    let most = min(known.count, tokens.count - 1)
    while common < most, known[common] == tokens[common] { common += 1 }
    session.truncate(to: common)
    known.removeLast(known.count - session.position)
    let pending = tokens[known.count...]
    if pending.count > Self.sliceLength {
      read(pending.prefix(Self.sliceLength), logits: .none)
      return []
    }
    if pace.isPausing() { return [] }
    var guesses: [TokenID] = []
    var next = Array(pending)
    while count > 0, let id = read(next[...], logits: .last) {
      guesses.append(id)
      next = [id]
      count -= 1
    }
    return guesses
  }

  /// Reads tokens and gives the likeliest one after them, if logits are wanted and all goes well.
  @discardableResult
  private func read(_ tokens: ArraySlice<TokenID>, logits: WantedLogits) -> TokenID? {
    var best: TokenID?
    do {
      try session.evaluate(Array(tokens), logits: logits) { row in
        best = row.indices.max { row[$0] < row[$1] }.map(TokenID.init)
      }
      known += tokens
      return best
    } catch {
      // Without a guess the answer comes all the same.
      session.reset()
      known = []
      return nil
    }
  }

  /// Of `guessed` tokens so many were right.
  func note(right: Int, guessed: Int) { pace.note(right: right, guessed: guessed) }
}
