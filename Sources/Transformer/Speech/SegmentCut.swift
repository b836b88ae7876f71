// A window's tokens, cut into segments at their times.

package import Tokenizer

/// The segments of a window, and where the next window begins.
package struct SegmentCut {
  package struct Part {
    /// Those of times among them.
    package let tokens: [TokenID]
    /// Seconds from the beginning of the window.
    package let start: Double
    package let end: Double
  }

  package private(set) var parts: [Part] = []
  /// Frames from this window's beginning to that of the next; above 0.
  package let advance: Int
  /// Whether the text ends with a single time: nothing follows it in the window.
  package let endsWithOne: Bool

  /// - Parameters:
  ///   - tokens: as they were written.
  ///   - heardFrames: frames of the window that are of the recording, at least 1.
  package init(_ tokens: [TokenID], _ vocabulary: SpeechVocabulary, heardFrames: Int) {
    let isTime = tokens.map { $0 >= vocabulary.firstTime }
    // Two times side by side end a segment and begin another.
    var borders = tokens.indices.dropFirst().filter { isTime[$0 - 1] && isTime[$0] }
    endsWithOne = isTime.count >= 2 && isTime[isTime.count - 1] && !isTime[isTime.count - 2]
    guard !borders.isEmpty else {
      var end = Double(heardFrames) * LogMelSpectrogram.secondsPerFrame
      if let last = tokens.last(where: { $0 > vocabulary.firstTime }),
        tokens.last(where: { $0 >= vocabulary.firstTime }) == last
      {
        end = vocabulary.seconds(of: last)
      }
      parts = [Part(tokens: tokens, start: 0, end: end)]
      advance = heardFrames
      return
    }
    if endsWithOne { borders.append(tokens.count) }
    var start = 0
    for border in borders {
      let part = Array(tokens[start..<border])
      parts.append(
        Part(
          tokens: part, start: vocabulary.seconds(of: part[0]),
          end: vocabulary.seconds(of: part[part.count - 1])))
      start = border
    }
    // What follows the last pair is heard again.
    let last = Int(tokens[start - 1] - vocabulary.firstTime)
    advance = endsWithOne ? heardFrames : max(1, last * SpeechHyperparameters.framesPerPosition)
  }
}
