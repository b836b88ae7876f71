// When each word of a window was said (OpenAI's program): tokens are found in the sound by what the
// alignment heads look at, and words are put together of them.

package import Tokenizer

/// A word of a window; times are seconds from the beginning of the recording.
package struct TimedWord {
  package var text: String
  package var tokens: [TokenID]
  package var start: Double
  package var end: Double
  package var probability: Float
}

/// Finds the words of a window's segments.
package struct WordTimes {
  /// What words mostly take, 0.7 s at most, and twice that: the longest that is believed.
  package private(set) var median = 0.0
  private var longest: Double { 2 * median }
  package private(set) var words: [TimedWord] = []

  private static let sentenceEnds = ".。!！?？"
  private static let before = "\"'“¿([{-"
  private static let behind = "\"'.。,，!！?？:：”)]}、"
  private static let longestMedian = 0.7

  /// - Parameters:
  ///   - tokens: words of all segments of the window, without times.
  ///   - starts: where each token begins and, behind them, where the last one ends, in seconds.
  ///   - probabilities: one for each token.
  package init(
    _ pieces: [WordPiece], starts: [Double], probabilities: [Float]
  ) {
    var first = 0
    for piece in pieces {
      let range = first..<first + piece.tokens.count
      words.append(
        TimedWord(
          text: piece.text, tokens: piece.tokens, start: starts[range.lowerBound],
          end: starts[range.upperBound],
          probability: probabilities[range].reduce(0, +) / Float(max(1, range.count))))
      first = range.upperBound
    }
    let lengths = words.map { $0.end - $0.start }.filter { $0 != 0 }.sorted()
    if !lengths.isEmpty {
      let half = lengths.count / 2
      let middle = lengths.count % 2 == 1 ? lengths[half] : (lengths[half - 1] + lengths[half]) / 2
      median = min(Self.longestMedian, middle)
      cutLongWords()
    }
    joinPunctuation()
  }

  /// A pause at the end of a sentence is no part of a word.
  private mutating func cutLongWords() {
    for index in words.indices.dropFirst() where words[index].end - words[index].start > longest {
      if Self.sentenceEnds.contains(words[index].text) {
        words[index].end = words[index].start + longest
      } else if Self.sentenceEnds.contains(words[index - 1].text) {
        words[index].start = words[index].end - longest
      }
    }
  }

  /// Puts punctuation to the word behind it or before it; what is left of it has no text.
  private mutating func joinPunctuation() {
    guard words.count > 1 else { return }
    var other = words.count - 1
    for index in stride(from: words.count - 2, through: 0, by: -1) {
      if words[index].text.hasPrefix(" "), Self.before.contains(words[index].text.trimmed) {
        words[other].text = words[index].text + words[other].text
        words[other].tokens = words[index].tokens + words[other].tokens
        (words[index].text, words[index].tokens) = ("", [])
      } else {
        other = index
      }
    }
    other = 0
    for index in 1..<words.count {
      if !words[other].text.hasSuffix(" "), !words[index].text.isEmpty,
        Self.behind.contains(words[index].text)
      {
        words[other].text += words[index].text
        words[other].tokens += words[index].tokens
        (words[index].text, words[index].tokens) = ("", [])
      } else if !words[index].text.isEmpty {
        other = index
      }
    }
  }

  /// Gives each segment its words, and their times where those of its tokens are not better.
  ///
  /// - Parameters:
  ///   - segments: of one window, in order.
  ///   - counts: tokens of each without those of times.
  ///   - offset: seconds from the beginning of the recording to that of the window.
  ///   - lastEnd: where the last word before the window ended.
  package func apply(
    to segments: inout [TranscriptionSegment], counts: [Int], offset: Double, lastEnd: Double
  ) {
    var (next, lastEnd) = (0, lastEnd)
    for (index, count) in counts.enumerated() {
      var (taken, part) = (0, [TimedWord]())
      while next < words.count, taken < count {
        var word = words[next]
        taken += word.tokens.count
        next += 1
        guard !word.text.isEmpty else { continue }
        word.start = Self.hundredths(offset + word.start)
        word.end = Self.hundredths(offset + word.end)
        part.append(word)
      }
      fit(&part, into: &segments[index], lastEnd: lastEnd)
      if !part.isEmpty { lastEnd = segments[index].end }
      segments[index].words = part.map {
        TranscriptionWord(
          text: $0.text, start: $0.start, end: $0.end, probability: $0.probability)
      }
    }
  }

  private func fit(
    _ words: inout [TimedWord], into segment: inout TranscriptionSegment, lastEnd: Double
  ) {
    guard let first = words.first else { return }
    // Behind a pause the first two words may have some of it.
    let isLong =
      first.end - first.start > longest
      || words.count > 1 && words[1].end - first.start > 2 * longest
    if first.end - lastEnd > 4 * median, isLong {
      if words.count > 1, words[1].end - words[1].start > longest {
        let border = max(words[1].end / 2, words[1].end - longest)
        words[0].end = border
        words[1].start = border
      }
      words[0].start = max(0, words[0].end - longest)
    }
    if segment.start < words[0].end, segment.start - 0.5 > words[0].start {
      words[0].start = max(0, min(words[0].end - median, segment.start))
    } else {
      segment.start = words[0].start
    }
    let last = words.count - 1
    if segment.end > words[last].start, segment.end + 0.5 < words[last].end {
      words[last].end = max(words[last].start + median, segment.end)
    } else {
      segment.end = words[last].end
    }
  }

  /// Where the last word of segments ends, or the last segment where there is no word.
  package static func end(of segments: [TranscriptionSegment]) -> Double? {
    segments.last { $0.words?.isEmpty == false }?.words?.last?.end ?? segments.last?.end
  }

  private static func hundredths(_ seconds: Double) -> Double {
    (seconds * 100).rounded(.toNearestOrEven) / 100
  }
}
