// Which tokens may come next (Radford et al. 2022; OpenAI's program).

package import Tokenizer

/// Takes tokens out that a transcript cannot have at a place.
package struct TokenRules: Sendable {
  private let vocabulary: SpeechVocabulary
  /// Never written: control, and what stands for sounds rather than words.
  package let suppressed: [TokenID]
  /// Not written first.
  private let blanks: [TokenID]

  /// The latest time, in steps, at which a window's first words may begin: 1 s.
  private static let latestStart: TokenID = 50

  package init(_ vocabulary: SpeechVocabulary) {
    self.vocabulary = vocabulary
    blanks = vocabulary.tokens(of: " ") + [vocabulary.endOfText]
    suppressed = Self.soundTokens(vocabulary).union([
      vocabulary.startOfTranscript, vocabulary.translate, vocabulary.transcribe,
      vocabulary.startOfLanguageModel, vocabulary.startOfEarlierText, vocabulary.noSpeech,
    ]).sorted()
  }

  /// Tokens of what is no speech: signs, brackets as around `[laughs]`, and notes of music.
  /// Quotation marks and dashes between letters stay.
  private static func soundTokens(_ vocabulary: SpeechVocabulary) -> Set<TokenID> {
    let signs =
      ##""#()*+/:;<=>@[\]^_`{|}~「」『』"##.map { String($0) }
      + [
        "<<", ">>", "<<<", ">>>", "--", "---", "-(", "-[", "('", "(\"", "((", "))", "(((", ")))",
        "[[", "]]", "{{", "}}", "♪♪", "♪♪♪",
      ]
    let notes = "♩♪♫♬♭♮♯".map { String($0) }
    var tokens = Set([" -", " '"].compactMap { vocabulary.tokens(of: $0).first })
    for text in signs + notes {
      for spelling in [text, " " + text] {
        let found = vocabulary.tokens(of: spelling)
        if found.count == 1 || notes.contains(text), let first = found.first {
          tokens.insert(first)
        }
      }
    }
    return tokens
  }

  /// Sets the logits of what may not follow `written` to -∞.
  ///
  /// - Parameters:
  ///   - logits: `[vocabulary]`.
  ///   - written: the tokens behind the prompt.
  package func apply(to logits: inout [Float], after written: [TokenID]) {
    for token in suppressed { logits[Int(token)] = -.infinity }
    if written.isEmpty {
      for token in blanks { logits[Int(token)] = -.infinity }
    }
    func forbid(_ range: Range<TokenID>) {
      for token in range { logits[Int(token)] = -.infinity }
    }
    let (first, end) = (vocabulary.firstTime, TokenID(vocabulary.count))
    forbid(vocabulary.noTimes..<first)
    let endsWithTime = written.last.map { $0 >= first } ?? false
    if endsWithTime {
      // Times come in pairs, but for the first and the last one.
      let hasPair = written.count < 2 || written[written.count - 2] >= first
      if hasPair { forbid(first..<end) } else { forbid(0..<vocabulary.endOfText) }
      // They never go back.
      if let last = written.last { forbid(first..<last) }
    } else if let last = written.last(where: { $0 >= first }) {
      // No segment is empty.
      forbid(first..<min(end, last + 1))
    }
    if written.isEmpty {
      forbid(0..<first)
      forbid(min(end, first + Self.latestStart + 1)..<end)
    }
    // Where a time is likelier than every word, one has to come.
    let times = logits[Int(first)...]
    if let text = logits[..<Int(first)].max(), LogSum.of(times) > text { forbid(0..<first) }
  }
}
