// Tokens put together to words.

package import Tokenizer

/// A word of a text, or a part of punctuation beside it.
package struct WordPiece: Equatable {
  package var text: String
  package var tokens: [TokenID]

  package init(text: String, tokens: [TokenID]) {
    self.text = text
    self.tokens = tokens
  }
}

/// Cuts the tokens of a text into words.
package enum WordCut {
  /// Languages that are written without spaces.
  private static let unspaced: Set<String> = ["zh", "ja", "th", "lo", "my", "yue"]
  private static let punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

  /// - Parameter language: the language's code.
  package static func words(
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

  /// As few tokens together as end where a character does, or bytes that are none.
  private static func characters(
    of tokens: [TokenID], _ vocabulary: SpeechVocabulary
  ) -> [WordPiece] {
    let isEnd = ends(in: vocabulary.bytes(of: tokens))
    var pieces: [WordPiece] = []
    var pending: [TokenID] = []
    var place = 0
    for token in tokens {
      pending.append(token)
      place += vocabulary.bytes(of: CollectionOfOne(token)).count
      guard isEnd[place] else { continue }
      pieces.append(WordPiece(text: vocabulary.text(of: pending), tokens: pending))
      pending = []
    }
    return pieces
  }

  /// Whether a character of UTF-8 ends at each place, or bytes that are none and stand for one.
  private static func ends(in bytes: [UInt8]) -> [Bool] {
    var isEnd = Array(repeating: false, count: bytes.count + 1)
    var (parser, rest, place) = (Unicode.UTF8.ForwardParser(), bytes.makeIterator(), 0)
    while true {
      isEnd[place] = true
      switch parser.parseScalar(from: &rest) {
      case .valid(let character): place += character.count
      case .error(let length): place += length
      case .emptyInput: return isEnd
      }
    }
  }
}
