// How a transcription is told, by the command and by the server.

import JSON
import Transformer

/// A format of a transcription, by the names of OpenAI's API.
package enum TranscriptFormat: String, CaseIterable, Sendable {
  case text, json, srt, vtt
  case verboseJSON = "verbose_json"

  /// The whole transcription.
  package func text(of result: Transcription, task: TranscriptionTask) -> String {
    switch self {
    case .text: result.text + "\n"
    case .json: JSONValue.object(["text": .string(result.text)]).serialized() + "\n"
    case .verboseJSON:
      JSONValue.object(Self.verbose(result, task)).serialized(.pretty) + "\n"
    case .srt:
      result.segments.enumerated().map { index, segment in
        "\(index + 1)\n" + cue(segment, separator: ",", hasHours: true)
      }.joined()
    case .vtt:
      "WEBVTT\n\n"
        + result.segments.map { cue($0, separator: ".", hasHours: false) }.joined()
    }
  }

  /// A segment with its times; an arrow in its text would be read as times.
  private func cue(
    _ segment: TranscriptionSegment, separator: String, hasHours: Bool
  ) -> String {
    let start = Self.time(segment.start, separator: separator, hasHours: hasHours)
    let end = Self.time(segment.end, separator: separator, hasHours: hasHours)
    var text = segment.text[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return "\(start) --> \(end)\n\(text.replacing("-->", with: "->"))\n\n"
  }

  /// Hours, minutes, seconds and thousandths; hours where there are any, or always.
  static func time(_ seconds: Double, separator: String, hasHours: Bool) -> String {
    let thousandths = Int((max(0, seconds) * 1_000).rounded(.toNearestOrEven))
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let hours = thousandths / 3_600_000
    return (hasHours || hours > 0 ? padded(hours, 2) + ":" : "")
      + padded(thousandths / 60_000 % 60, 2) + ":" + padded(thousandths / 1_000 % 60, 2) + separator
      + padded(thousandths % 1_000, 3)
  }

  /// What a recording is counted by: seconds, of which one that has begun counts.
  static func usage(milliseconds: Int64) -> JSONValue {
    ["type": "duration", "seconds": .integer((milliseconds + 999) / 1000)]
  }

  /// The members of `verbose_json`.
  static func verbose(_ result: Transcription, _ task: TranscriptionTask) -> JSONObject {
    var object: JSONObject = [
      "task": .string(task.rawValue), "language": .string(result.languageName),
      "duration": .number(result.duration), "text": .string(result.text),
      "segments": .array(result.segments.map { .object(Self.object(of: $0)) }),
    ]
    if let words = result.words {
      object["words"] = .array(
        words.map { word in
          .object([
            "word": .string(String(word.text.drop { $0 == " " })),
            "start": .number(Self.rounded(word.start)),
            "end": .number(Self.rounded(word.end)),
          ])
        })
    }
    return object
  }

  private static func object(of segment: TranscriptionSegment) -> JSONObject {
    [
      "id": .integer(Int64(segment.id)), "seek": .integer(Int64(segment.seek)),
      "start": .number(rounded(segment.start)), "end": .number(rounded(segment.end)),
      "text": .string(segment.text), "tokens": .array(segment.tokens.map { .integer(Int64($0)) }),
      "temperature": .number(Double(segment.temperature)),
      "avg_logprob": .number(Double(segment.averageLogProbability)),
      "compression_ratio": .number(Double(segment.compressionRatio)),
      "no_speech_prob": .number(Double(segment.noSpeechProbability)),
    ]
  }

  /// Times are steps of 20 ms, and sums of them look like it.
  private static func rounded(_ seconds: Double) -> Double {
    (seconds * 1_000).rounded() / 1_000
  }
}
