// Where guesses of a sequence's next tokens come from: what stands in it already, or a draft model.

import Tokenizer

/// Guesses for one sequence.
struct Guesser {
  private var lookup: PromptLookup?
  private let draftModel: Model?
  private var draft: DraftSequence?
  /// Whether the last guesses are the draft model's.
  private var isDrafted = false

  init(_ options: EngineOptions) {
    lookup = options.usesPromptLookup ? PromptLookup() : nil
    draftModel = options.draft
  }

  /// What may follow `tokens`, at most `room` of them; empty where nothing is known.
  mutating func guess(after tokens: [TokenID], room: Int) -> ArraySlice<TokenID> {
    isDrafted = false
    guard room > 0 else { return [] }
    let found = lookup?.guess(after: tokens, room: room) ?? []
    guard found.isEmpty, let draftModel else { return found }
    isDrafted = true
    if draft == nil { draft = try? DraftSequence(draftModel) }
    return draft?.guess(after: tokens, room: room)[...] ?? []
  }

  /// Tells whoever guessed last how it did: of `guessed` tokens so many were right.
  mutating func note(right: Int, guessed: Int) {
    if isDrafted {
      draft?.note(right: right, guessed: guessed)
    } else {
      lookup?.note(right: right, guessed: guessed)
    }
  }

  /// Gives up the draft model's memory.
  mutating func leave() { draft = nil }

  /// Tokens were taken out of the middle of the sequence.
  mutating func beginAnew() { if lookup != nil { lookup = PromptLookup() } }
}
