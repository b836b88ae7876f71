// What is asked of a speech model, and what it answers.

public import Tokenizer

/// What a speech model writes of what is said.
public enum TranscriptionTask: String, Sendable, CaseIterable {
  /// The words themselves.
  case transcribe
  /// Their translation into English.
  case translate
}

/// Choices of a transcription.
public struct TranscriptionOptions: Sendable {
  /// The language that is spoken: a code as `de` or an English name as `german`, in letters of
  /// either case; nil finds it out from the first 30 seconds.
  public var language: String?
  public var task = TranscriptionTask.transcribe
  /// Text that seems to stand before the recording: names and a spelling to follow. The last 223
  /// tokens of it are looked at.
  public var prompt: String?
  /// 0...1; 0 takes the likeliest words, and tries again at higher ones where a text repeats itself
  /// or is unlikely.
  public var temperature: Float = 0
  /// Whether what was written before a window is read with it: names and spellings stay the same,
  /// and what repeats itself may go on to. The prompt is that of the first window at least.
  public var readsEarlierText = true
  /// Whether each word gets its times, which takes another pass over each text.
  public var wantsWords = false

  public init() {}
}

/// What was said.
public struct Transcription: Sendable {
  /// The language's code, such as `en`.
  public let language: String
  /// Its English name in small letters, such as `english`.
  public let languageName: String
  /// Seconds of sound.
  public let duration: Double
  /// All segments' text, without white space around it.
  public let text: String
  public let segments: [TranscriptionSegment]
  /// All segments' words; nil unless they were asked for.
  public let words: [TranscriptionWord]?

  package init(
    language: String, languageName: String, duration: Double, text: String,
    segments: [TranscriptionSegment], words: [TranscriptionWord]?
  ) {
    self.language = language
    self.languageName = languageName
    self.duration = duration
    self.text = text
    self.segments = segments
    self.words = words
  }
}

/// A piece of what was said, about a sentence.
public struct TranscriptionSegment: Sendable {
  /// Counted from 0.
  public internal(set) var id: Int
  /// Where the window begins that it was heard in, in frames of 10 ms.
  public let seek: Int
  /// Seconds from the beginning of the recording.
  public internal(set) var start: Double
  public internal(set) var end: Double
  /// Mostly begins with a space, where the language has spaces.
  public let text: String
  /// Those of times among them.
  public let tokens: [TokenID]
  /// That its window was written at.
  public let temperature: Float
  /// Of its window: the mean of the tokens' logarithms; below -1 the text is doubtful.
  public let averageLogProbability: Float
  /// Of its window: bytes of text for each byte that zlib would make of them; above 2.4 it repeats
  /// itself.
  public let compressionRatio: Float
  /// Of its window: how likely nobody speaks.
  public let noSpeechProbability: Float
  /// Nil unless they were asked for.
  public internal(set) var words: [TranscriptionWord]?

  package init(
    id: Int, seek: Int, start: Double, end: Double, text: String, tokens: [TokenID],
    temperature: Float, averageLogProbability: Float, compressionRatio: Float,
    noSpeechProbability: Float, words: [TranscriptionWord]? = nil
  ) {
    self.id = id
    self.seek = seek
    self.start = start
    self.end = end
    self.text = text
    self.tokens = tokens
    self.temperature = temperature
    self.averageLogProbability = averageLogProbability
    self.compressionRatio = compressionRatio
    self.noSpeechProbability = noSpeechProbability
    self.words = words
  }
}

/// A word and when it was said.
public struct TranscriptionWord: Sendable {
  /// With the punctuation beside it, and mostly a space in front.
  public let text: String
  /// Seconds from the beginning of the recording.
  public let start: Double
  public let end: Double
  /// The mean of its tokens'.
  public let probability: Float

  package init(text: String, start: Double, end: Double, probability: Float) {
    self.text = text
    self.start = start
    self.end = end
    self.probability = probability
  }
}
