// The tokens of a conversation so far, so that the next prompt begins with exactly these and what was
// computed for them is found again. Tokens that a model chose need not be those that its text would
// be cut into.

import Tokenizer

/// Prompt and answer of the last turn.
struct ConversationContext: Sendable {
  private let text: String
  private let tokens: [TokenID]

  /// - Parameters:
  ///   - promptText: the text of the prompt's tokens, as the template wrote it.
  ///   - answer: the tokens of the answer.
  init(
    promptText: String, promptTokens: [TokenID], answer: [TokenID], _ tokenizer: TextTokenizer
  ) {
    text = promptText + tokenizer.decode(answer, showingSpecial: true)
    tokens = promptTokens + answer
  }

  /// The tokens of a prompt that goes on from here; nil where its text begins otherwise, or where it
  /// does not go on with a special token, before which no word can grow together.
  func tokens(of promptText: String, _ tokenizer: TextTokenizer) -> [TokenID]? {
    guard promptText.utf8.starts(with: text.utf8) else { return nil }
    let rest = Array(promptText.utf8.dropFirst(text.utf8.count))
    let added = tokenizer.encode(utf8: rest, parsingSpecial: true, addingSpecial: false)
    guard let first = added.first, tokenizer.isSpecial(first) else { return nil }
    return tokens + added
  }
}
