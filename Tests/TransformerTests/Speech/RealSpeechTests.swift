// Real models beside what OpenAI's program and transformers make of them in float32.

import Audio
import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite(
  .serialized, .enabled(if: Fixtures.isPresent, Fixtures.absence),
  .enabled(if: RealSpeechModel.arePresent, RealSpeechModel.absence))
struct RealSpeechTests {
  private struct Golden: Decodable {
    let clips: [String: Clip]
    let suppress_tokens: [TokenID]
  }

  private struct Clip: Decodable {
    struct Encoder: Decodable {
      let l2: Double
      let first4: [[Float]]
      let frame_1499_first8: [Float]
    }
    struct Language: Decodable {
      struct Guess: Decodable {
        let code: String
        let probability: Float

        init(from decoder: any Decoder) throws {
          var pair = try decoder.unkeyedContainer()
          code = try pair.decode(String.self)
          probability = try pair.decode(Float.self)
        }
      }
      let detected: String
      let top: [Guess]
    }
    struct PromptLogits: Decodable { let steps: [Step] }
    struct Step: Decodable {
      let input: TokenID
      let logsumexp: Float
      let top: [[Float]]
    }
    struct Greedy: Decodable {
      let prompt: [TokenID]
      let tokens: [TokenID]
      let avg_logprob: Float
      let no_speech_prob: Float
      let step_gap_after_filters: [Float]
    }
    struct Transcripts: Decodable {
      let `default`: Transcript
      let words: Transcript?
      let translate: Transcript?
      let no_context: Transcript?
    }
    struct Transcript: Decodable {
      struct Word: Decodable {
        let word: String
        let start: Double
        let end: Double
        let probability: Float
      }
      struct Segment: Decodable {
        let start: Double
        let end: Double
        let tokens: [TokenID]
        let avg_logprob: Float
        let words: [Word]?
      }
      let text: String
      let language: String
      let segments: [Segment]
    }

    let encoder: Encoder
    let language: Language?
    let prompt_logits: PromptLogits
    let greedy_timestamps: Greedy
    let transcribe_zero_fill_t0: Transcripts
  }

  private struct Mels: Decodable {
    struct Clip: Decodable {
      let content_frames: Int
      let stored_frames: Int
      let pad_value: Float
    }
    let clips: [String: Clip]
  }

  /// What half precision in the cache and in weights may cost an encoder's value, or a logit.
  private static let valueLimit: Float = 0.01
  /// Steps at which two tokens are closer than this may go either way.
  private static let tieLimit: Float = 0.01

  private static let clips = ["jfk.wav", "en1.wav", "pause.wav", "de1.wav", "es1.wav"]

  private func samples(_ file: String) throws -> [Float] {
    try AudioFile.samples(of: Fixtures.bytes("whisper/audio/" + file))
  }

  private func model(_ real: RealSpeechModel) throws -> SpeechModel {
    var options = ModelOptions()
    options.threadCount = 2
    return try SpeechModel.load(real.path, options: options)
  }

  private func name(_ file: String) -> String { String(file.prefix { $0 != "." }) }

  /// The golden spectrogram is of float32 throughout: where a band has next to no power its
  /// rounding shows, up to 5e-5, and ours is of float64.
  @Test("Spectrograms are those of OpenAI's program", arguments: clips)
  func spectrograms(file: String) throws {
    let mels = try Fixtures.json("whisper/mel/mel.json", as: Mels.self)
    let clip = try #require(mels.clips[name(file)])
    let golden = try Fixtures.bytes("whisper/mel/\(name(file)).mel80.f32").floats
    let found = try model(.tinyEnglish).spectrogram(of: samples(file))
    #expect(found.frameCount == clip.content_frames)
    #expect(abs(found.silence - clip.pad_value) < 1e-6)
    var differences: [Float] = []
    for frame in 0..<clip.stored_frames {
      for band in 0..<80 {
        let place = frame * 80 + band
        let value = place < found.values.count ? found.values[place] : found.silence
        differences.append(abs(value - golden[band * clip.stored_frames + frame]))
      }
    }
    differences.sort()
    #expect(differences[differences.count * 9 / 10] < 1e-6)
    #expect(differences[differences.count - 1] < 1e-4)
  }

  @Test(
    "States, logits, languages and tokens are those of transformers",
    arguments: RealSpeechModel.all)
  func windows(real: RealSpeechModel) throws {
    let golden = try Fixtures.json("whisper/\(real.golden).json", as: Golden.self)
    let model = try model(real)
    #expect(model.rules.suppressed.sorted() == golden.suppress_tokens.sorted())
    let session = try SpeechSession(model)
    for file in Self.clips {
      guard let clip = golden.clips[name(file)] else { continue }
      let spectrogram = try model.spectrogram(of: samples(file))
      try session.hear(
        SpeechWindow(spectrogram, from: 0, frameCount: 3_000, fill: .silence))
      let states = session.stateValues
      let width = states.count / 1_500
      for (row, values) in clip.encoder.first4.enumerated() {
        expectClose(states[(row * width)...], values, file)
      }
      expectClose(states[(1_499 * width)...], clip.encoder.frame_1499_first8, file)
      session.forget()
      let steps = clip.prompt_logits.steps
      let rows = try session.evaluate(steps.map(\.input), wanted: Array(steps.indices))
      for (row, step) in zip(rows, steps) {
        expectClose([LogSum.of(row[...])], [step.logsumexp], file)
        for pair in step.top { expectClose([row[Int(pair[0])]], [pair[1]], file) }
      }
      var decoder = WindowDecoder(session)
      if model.isMultilingual {
        let (place, probabilities) = try decoder.language()
        let language = try #require(clip.language)
        #expect(model.languages[place] == language.detected)
        for guess in language.top {
          let place = try #require(model.languages.firstIndex(of: guess.code))
          #expect(abs(probabilities[place] - guess.probability) < Self.valueLimit, "\(file)")
        }
      }
      let greedy = clip.greedy_timestamps
      let found = try decoder.decode(
        prompt: greedy.prompt, temperature: 0, window: 0, isCancelled: { false })
      let tie = greedy.step_gap_after_filters.firstIndex { $0 < Self.tieLimit } ?? .max
      #expect(found.tokens.prefix(tie) == greedy.tokens.prefix(tie), "\(file)")
      #expect(abs(found.noSpeechProbability - greedy.no_speech_prob) < 1e-3)
      if found.tokens == greedy.tokens {
        #expect(abs(found.averageLogProbability - greedy.avg_logprob) < 1e-3)
      }
    }
  }

  @Test("The language is found with silence behind the sound, as OpenAI's program finds it")
  func languageOfAShortRecording() throws {
    let model = try model(.base)
    // With zeros behind it, it is another one.
    let sound = Array(try samples("es1.wav")[24_000..<33_600])
    let session = try SpeechSession(model)
    var decoder = WindowDecoder(session)
    func language(_ fill: SpeechWindow.Fill) throws -> String {
      try session.hear(
        SpeechWindow(try model.spectrogram(of: sound), from: 0, frameCount: 3_000, fill: fill))
      return model.languages[try decoder.language().place]
    }
    let expected = try language(.silence)
    #expect(try language(.zeros) != expected)
    #expect(try model.transcribe(sound).language == expected)
  }

  @Test("Transcripts are those of OpenAI's program", arguments: RealSpeechModel.all)
  func transcripts(real: RealSpeechModel) throws {
    let golden = try Fixtures.json("whisper/\(real.golden).json", as: Golden.self)
    let model = try model(real)
    for file in Self.clips + ["silence.flac", "long.flac"] {
      guard let expected = golden.clips[name(file)]?.transcribe_zero_fill_t0 else { continue }
      expectSame(try model.transcribe(samples(file)), expected.default, file)
      var options = TranscriptionOptions()
      if let translated = expected.translate {
        options.task = .translate
        expectSame(try model.transcribe(samples(file), options: options), translated, file)
      }
      if let alone = expected.no_context {
        options.task = .transcribe
        options.readsEarlierText = false
        expectSame(try model.transcribe(samples(file), options: options), alone, file)
      }
    }
  }

  private func expectSame(
    _ found: Transcription, _ expected: Clip.Transcript, _ file: String
  ) {
    #expect(found.language == expected.language)
    // The golden data are of temperature 0 alone, with texts that are tried again.
    if expected.segments.contains(where: { $0.avg_logprob < -1 }) {
      #expect(found.segments.allSatisfy { $0.temperature > 0 }, "\(file)")
      return
    }
    #expect(found.text == String(expected.text.drop { $0 == " " }), "\(file)")
    #expect(found.segments.map(\.tokens) == expected.segments.map(\.tokens), "\(file)")
    for (segment, expected) in zip(found.segments, expected.segments) {
      #expect(abs(segment.start - expected.start) < 1e-6, "\(file)")
      #expect(abs(segment.end - expected.end) < 1e-6, "\(file)")
    }
  }

  /// On the long recording a time may hang on a tie between two ways of one cost.
  @Test("Words and their times are those of OpenAI's program", arguments: RealSpeechModel.all)
  func words(real: RealSpeechModel) throws {
    let golden = try Fixtures.json("whisper/\(real.golden).json", as: Golden.self)
    let model = try model(real)
    var options = TranscriptionOptions()
    options.wantsWords = true
    for file in Self.clips + ["long.flac"] {
      guard let expected = golden.clips[name(file)]?.transcribe_zero_fill_t0.words else { continue }
      let found = try model.transcribe(samples(file), options: options)
      let words = try #require(found.words)
      let goldenWords = expected.segments.flatMap { $0.words ?? [] }
      #expect(words.map(\.text) == goldenWords.map(\.word), "\(file)")
      for (word, golden) in zip(words, goldenWords) {
        let limit = file == "long.flac" ? 0.1 : 0.001
        #expect(abs(word.start - golden.start) < limit, "\(file): \(word.text)")
        #expect(abs(word.end - golden.end) < limit, "\(file): \(word.text)")
        #expect(abs(word.probability - golden.probability) < 0.01, "\(file): \(word.text)")
      }
      for (segment, golden) in zip(found.segments, expected.segments) {
        #expect(abs(segment.start - golden.start) < 0.1, "\(file)")
        #expect(abs(segment.end - golden.end) < 0.1, "\(file)")
      }
    }
  }

  private func expectClose(_ found: ArraySlice<Float>, _ expected: [Float], _ file: String) {
    for (found, expected) in zip(found, expected) where abs(found - expected) > Self.valueLimit {
      Issue.record("\(file): \(found), expected \(expected)")
    }
  }
}
