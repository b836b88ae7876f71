// The prompt at the beginning of an answer that repeats it.

import Synchronization
import Tokenizer
import Transformer

/// A prompt's text, and its tokens with how likely they were, once the engine has told it.
final class EchoedPrompt: Sendable {
  struct Scores: Sendable {
    /// The first token, before which nothing stood that could make it likely.
    var first: [UInt8]?
    var tokens: [ScoredToken] = []
  }

  let text: String
  private let known = Mutex<Scores?>(nil)

  init(_ text: String) { self.text = text }

  /// What the engine told; nil where nobody asked.
  var scores: Scores? { known.withLock { $0 } }

  /// The engine tells how likely all tokens of the prompt but its first were.
  func scored(
    _ likelihoods: [TokenLikelihood], _ prompt: CompletionPrompt, _ engine: any TextEngine
  ) {
    let tokens = likelihoods.map { ScoredToken($0, bytes: engine.bytes(of:)) }
    // A token that the vocabulary put in front is no part of the text.
    let first = prompt.addedCount == 0 ? prompt.tokens.first.map { engine.bytes(of: $0) } : nil
    known.withLock { $0 = Scores(first: first, tokens: tokens) }
  }
}
