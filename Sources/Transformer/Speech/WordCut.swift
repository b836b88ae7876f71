// Tokens put together to words.

import Tokenizer

/// A word of a text, or a part of punctuation beside it.
struct WordPiece: Equatable {
  var text: String
  var tokens: [TokenID]
}

/// Cuts the tokens of a text into words.
enum WordCut {
  /// Languages that are written without spaces.
  private static let unspaced: Set<String> = ["zh", "ja", "th", "lo", "my", "yue"]
  private static let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

  /// - Parameter language: the language's code.
  static func words(
    of tokens: [TokenID], _ vocabulary: SpeechVocabulary, language: String
  ) -> [WordPiece] {
    let characters = characters(of: tokens, vocabulary)
    guard !unspaced.contains(language) else { return characters }
    var words: [WordPiece] = []
    for piece in characters {
      let bare = piece.text.trimmed
      if words.isEmpty || piece.text.hasPrefix(" ") || bare.isEmpty || punctuation.contains(bare) {
        words.append(piece)
      } else {
        words[words.count - 1].text += piece.text
        words[words.count - 1].tokens += piece.tokens
      }
    }
    return words
  }

  /// As few tokens together as spell whole characters.
  private static func characters(
    of tokens: [TokenID], _ vocabulary: SpeechVocabulary
  ) -> [WordPiece] {
    var pieces: [WordPiece] = []
    var pending: [TokenID] = []
    for token in tokens {
      pending.append(token)
      if let text = String(validating: vocabulary.bytes(of: pending), as: UTF8.self) {
        pieces.append(WordPiece(text: text, tokens: pending))
        pending = []
      }
    }
    if !pending.isEmpty {
      pieces.append(WordPiece(text: vocabulary.text(of: pending), tokens: pending))
    }
    return pieces
  }
}
