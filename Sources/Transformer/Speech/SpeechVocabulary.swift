// The tokens of a speech model: words, and behind them what controls and what tells times.
//
//   0..<n       words, byte-level pairs as in GPT-2; a multilingual model's last one is empty
//   n           end of text
//   n + 1       start of a transcript
//   n + 2 …     a token for each language
//   then        translate, transcribe, start of a language model, start of earlier text, no speech,
//               no times
//   then        times from 0.00 s on, 20 ms apart, one more than the encoder has positions

package import Tokenizer

/// Words, special ids and how text is cut into tokens.
package struct SpeechVocabulary: Sendable {
  package let count: Int
  package let isMultilingual: Bool
  package let languageCount: Int
  package let endOfText: TokenID
  package let words: StringTable
  private let pairs: SpeechPairs

  package var startOfTranscript: TokenID { endOfText + 1 }
  package var firstLanguage: TokenID { endOfText + 2 }
  package var translate: TokenID { firstLanguage + TokenID(languageCount) }
  package var transcribe: TokenID { translate + 1 }
  package var startOfLanguageModel: TokenID { translate + 2 }
  package var startOfEarlierText: TokenID { translate + 3 }
  package var noSpeech: TokenID { translate + 4 }
  package var noTimes: TokenID { translate + 5 }
  /// The token of 0.00 s.
  package var firstTime: TokenID { translate + 6 }

  /// Seconds from one time's token to the next.
  package static let timeStep = 0.02

  /// Tokens beside words and languages: two before the languages, six behind them, and one time
  /// more than the encoder has positions.
  private static func otherCount(_ h: SpeechHyperparameters) -> Int { 9 + h.audioContextLength }

  package init(_ file: SpeechFile) throws(ModelError) {
    let h = file.hyperparameters
    var wordCount = file.words.count
    // Old files count what ends a text among the words.
    if wordCount > 1, Array(file.words[wordCount - 1]) == Array("<|endoftext|>".utf8) {
      wordCount -= 1
    }
    let languages = h.vocabularyCount - wordCount - Self.otherCount(h)
    guard (1...SpeechLanguage.all.count).contains(languages) else {
      throw ModelError(
        .badMetadata,
        "\(file.path): n_vocab \(h.vocabularyCount) with \(wordCount) words leaves \(languages) "
          + "languages, expected 1 to \(SpeechLanguage.all.count)")
    }
    count = h.vocabularyCount
    languageCount = languages
    isMultilingual = file.words[wordCount - 1].isEmpty
    endOfText = TokenID(wordCount)
    words = file.words
    guard let pairs = SpeechPairs(words, count: wordCount) else {
      throw ModelError(
        .badMetadata, "\(file.path): its vocabulary lacks a word for some byte")
    }
    self.pairs = pairs
  }

  /// The bytes of tokens; those of control and time have none.
  package func bytes(of tokens: some Sequence<TokenID>) -> [UInt8] {
    var bytes: [UInt8] = []
    for token in tokens where token >= 0 && token < endOfText { bytes += words[Int(token)] }
    return bytes
  }

  /// The text of tokens, with U+FFFD where it is not UTF-8.
  package func text(of tokens: some Sequence<TokenID>) -> String {
    String(decoding: bytes(of: tokens), as: UTF8.self)
  }

  /// The tokens of a text; nothing in it counts as control.
  package func tokens(of text: String) -> [TokenID] { pairs.tokens(of: Array(text.utf8)) }

  /// Seconds of a time's token from the beginning of its window.
  package func seconds(of token: TokenID) -> Double { Double(token - firstTime) * Self.timeStep }
}
