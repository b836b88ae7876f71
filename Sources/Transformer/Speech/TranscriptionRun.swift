// A recording from its first window to its last (Radford et al. 2022; OpenAI's program).
//
// A window of 30 s is heard and written; the next one begins where its last whole segment ended.
// What was written before is the next window's prompt. The part of the last window behind the
// recording is zeros in the spectrogram, as in OpenAI's program: with the spectrogram of silence in
// it, as whisper.cpp has it, silence is given words. The language is found with that of silence, as
// there too: so a recording that is shorter than a window is heard once more for it.

import Tokenizer

/// One transcription.
struct TranscriptionRun {
  private let model: SpeechModel
  private let options: TranscriptionOptions
  private let duration: Double
  private let spectrogram: LogMelSpectrogram
  /// Given by the options.
  private let languagePlace: Int?

  /// Bytes of a prompt that are looked at, at most: more than its tokens have in any language.
  private static let longestPrompt = 4_096
  /// A temperature above which a text is no good prompt for the next.
  private static let mostForPrompt: Float = 0.5
  /// Windows that are written for each that a recording is long, at most.
  private static let windowsOfEach = 4

  init(
    _ model: SpeechModel, _ sound: SpeechSound, _ options: TranscriptionOptions,
    isCancelled: () -> Bool
  ) throws {
    guard options.temperature >= 0, options.temperature <= 1 else {
      throw ModelError(
        .badOption, "a temperature of \(options.temperature) is not possible: choose 0 to 1")
    }
    languagePlace = try model.languagePlace(options)
    self.model = model
    self.options = options
    duration = Double(sound.count) / Double(SpeechModel.sampleRate)
    spectrogram = try model.spectrogram(of: sound, isCancelled: isCancelled)
  }

  func run(
    isCancelled: () -> Bool, _ onSegment: (TranscriptionSegment) throws -> Void
  ) throws -> Transcription {
    let session = try SpeechSession(model)
    var decoder = WindowDecoder(session)
    let windowFrames = model.hyperparameters.windowFrameCount
    let mostWindows = Self.windowsOfEach * (spectrogram.frameCount / windowFrames + 2)
    let vocabulary = model.vocabulary
    var languagePlace = languagePlace
    var earlier = promptTokens
    let promptCount = earlier.count
    var promptStart = 0
    var segments: [TranscriptionSegment] = []
    var (seek, window) = (0, 0)
    var lastEnd = 0.0
    var isHeard = false
    if languagePlace == nil, model.isMultilingual, spectrogram.frameCount > 0 {
      try session.hear(
        SpeechWindow(spectrogram, from: 0, frameCount: windowFrames, fill: .silence),
        isCancelled: isCancelled)
      languagePlace = try decoder.language().place
      // A whole window has no end to fill.
      isHeard = spectrogram.frameCount >= windowFrames
    }
    while seek < spectrogram.frameCount {
      let heard = min(windowFrames, spectrogram.frameCount - seek)
      if !isHeard {
        try session.hear(
          SpeechWindow(spectrogram, from: seek, frameCount: windowFrames), isCancelled: isCancelled)
      }
      isHeard = false
      let prompt = decoder.prompt(
        earlier: Array(earlier[promptStart...]), languagePlace: languagePlace, task: options.task)
      let decoded = try decoder.decode(
        prompt: prompt, temperature: options.temperature, window: window, isCancelled: isCancelled)
      window += 1
      if decoded.isSilence {
        seek += heard
        continue
      }
      let cut = SegmentCut(decoded.tokens, vocabulary, heardFrames: heard)
      var found = cut.parts.map { segment($0, seek: seek, decoded) }
      var next = seek + cut.advance
      if options.wantsWords {
        let language = SpeechLanguage.all[languagePlace ?? 0].code
        try addWords(
          to: &found,
          decoder.prompt(
            earlier: [], languagePlace: languagePlace, task: options.task, hasTimes: false),
          session, heardFrames: heard, language: language, lastEnd: lastEnd,
          isCancelled: isCancelled)
        lastEnd = WordTimes.end(of: found) ?? lastEnd
        // What follows the last word is heard again.
        if !cut.endsWithOne, lastEnd > Double(seek) * LogMelSpectrogram.secondsPerFrame {
          let frames = lastEnd / LogMelSpectrogram.secondsPerFrame
          next = max(seek + 1, Int(frames.rounded(.toNearestOrEven)))
        }
      }
      for var segment in found where !segment.isEmpty {
        segment.id = segments.count
        segments.append(segment)
        earlier += segment.tokens
        try onSegment(segment)
      }
      // A text whose times hardly go on would be heard again and again.
      seek = window > mostWindows ? max(next, seek + heard) : next
      if !options.readsEarlierText || decoded.temperature > Self.mostForPrompt {
        promptStart = earlier.count
      }
    }
    let language =
      SpeechLanguage.all[languagePlace ?? SpeechLanguage.place(of: "en") ?? 0]
    return Transcription(
      language: language.code, languageName: language.name, duration: duration,
      text: vocabulary.text(of: earlier[promptCount...]).trimmed, segments: segments,
      words: options.wantsWords ? segments.flatMap { $0.words ?? [] } : nil)
  }

  /// Finds out when each word of a window was said.
  ///
  /// - Parameters:
  ///   - prompt: that of a text without times.
  ///   - lastEnd: where the last word before the window ended.
  private func addWords(
    to segments: inout [TranscriptionSegment], _ prompt: [TokenID], _ session: SpeechSession,
    heardFrames: Int, language: String, lastEnd: Double, isCancelled: () -> Bool
  ) throws {
    let vocabulary = model.vocabulary
    let texts = segments.map { $0.tokens.filter { $0 < vocabulary.endOfText } }
    // What does not fit the context gets no words; no text is so long.
    let room = model.hyperparameters.textContextLength - prompt.count - 1
    let tokens = Array(texts.joined().prefix(room))
    for index in segments.indices { segments[index].words = [] }
    guard !tokens.isEmpty else { return }
    let positions = max(1, heardFrames / SpeechHyperparameters.framesPerPosition)
    let (likely, weights) = try session.align(
      prompt + tokens + [vocabulary.endOfText], positionCount: positions, isCancelled: isCancelled)
    // The first word is said where the token before it looks last.
    let first = prompt.count - 1
    let starts = try weights.starts(
      of: first..<first + tokens.count + 1, isCancelled: isCancelled)
    let times = WordTimes(
      WordCut.words(of: tokens, vocabulary, language: language),
      starts: starts.map { Double($0) * SpeechVocabulary.timeStep },
      probabilities: Array(likely[first..<first + tokens.count]))
    times.apply(
      to: &segments, counts: texts.map(\.count),
      offset: Double(segments[0].seek) * LogMelSpectrogram.secondsPerFrame, lastEnd: lastEnd)
  }

  /// The tokens of the options' prompt, those that can be looked at.
  private var promptTokens: [TokenID] {
    guard let prompt = options.prompt?.trimmed, !prompt.isEmpty else { return [] }
    var text = Substring(prompt)
    if text.utf8.count > Self.longestPrompt {
      text = Substring(String(decoding: text.utf8.suffix(Self.longestPrompt), as: UTF8.self))
    }
    return model.vocabulary.tokens(of: " " + text)
  }

  private func segment(
    _ part: SegmentCut.Part, seek: Int, _ decoded: DecodedWindow
  ) -> TranscriptionSegment {
    let offset = Double(seek) * LogMelSpectrogram.secondsPerFrame
    return TranscriptionSegment(
      id: 0, seek: seek, start: offset + part.start, end: offset + part.end,
      text: model.vocabulary.text(of: part.tokens), tokens: part.tokens,
      temperature: decoded.temperature, averageLogProbability: decoded.averageLogProbability,
      compressionRatio: decoded.compressionRatio,
      noSpeechProbability: decoded.noSpeechProbability)
  }
}

extension TranscriptionSegment {
  /// Whether it has no text, or takes no time.
  fileprivate var isEmpty: Bool { start == end || text.allSatisfy(\.isWhitespace) }
}
