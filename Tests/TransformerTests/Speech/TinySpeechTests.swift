// A whole speech model in every clone: numbers beside numpy's, and the same bits however it is run.

import Foundation
import TensorCore
import TestSupport
import Testing
import Tokenizer
import Transformer

/// The sine that the tones of the fixtures are made of.
func sine(_ x: Double) -> Double { sin(x) }

@Suite struct TinySpeechTests {
  /// Of float32's rounding alone.
  private static let exactLimit = 1e-9
  /// Of half precision in the cache; of activations in 8 bits where weights have 8.
  private static let limits = ["f16": 1e-5, "q8_0": 1e-3]

  @Test("The spectrogram is numpy's") func spectrogram() throws {
    let golden = try TinySpeech.load()
    let model = try TinySpeech.model("f16")
    let found = try model.spectrogram(of: TinySpeech.samples)
    #expect(found.frameCount == 50)
    #expect(found.bandCount == 8)
    try #require(found.frameCount * found.bandCount == golden.mel.count)
    let differences = golden.mel.enumerated().map { abs(found.values[$0.offset] - $0.element) }
    // Bands with next to no power in them magnify what float32 rounds in the samples.
    #expect(differences.max()! < 1e-4)
    #expect(differences.sorted()[differences.count / 2] < 1e-6)
  }

  @Test(
    "States and logits are numpy's", arguments: TinySpeech.formats, [true, false])
  func numbers(format: String, exact: Bool) throws {
    let golden = try TinySpeech.load()
    let numbers = try #require(golden.models[format])
    let limit = try exact ? Self.exactLimit : #require(Self.limits[format])
    let model = try TinySpeech.model(format, threads: 2, exact: exact)
    let session = try SpeechSession(model)
    try session.hear(
      SpeechWindow(try model.spectrogram(of: TinySpeech.samples), from: 0, frameCount: 64))
    #expect(TinySpeech.error(session.stateValues, numbers.states) < limit)
    let rows = try session.evaluate(golden.tokens, wanted: [0, golden.tokens.count - 1])
    #expect(TinySpeech.error(rows.flatMap { $0 }, numbers.logits) < limit)
    // One by one they are the same bits.
    session.forget()
    var last: [Float] = []
    for token in golden.tokens { last = try session.evaluate([token], wanted: [0])[0] }
    #expect(last == rows[1])
  }

  @Test("Threads do not change a bit", arguments: TinySpeech.formats)
  func threads(format: String) throws {
    func run(_ threads: Int) throws -> ([Float], Transcription) {
      let model = try TinySpeech.model(format, threads: threads)
      let session = try SpeechSession(model)
      let sound = TinySpeech.tones(count: 30_000)
      try session.hear(SpeechWindow(try model.spectrogram(of: sound), from: 20, frameCount: 64))
      return (session.stateValues, try model.transcribe(sound))
    }
    let (one, two) = (try run(1), try run(2))
    #expect(one.0 == two.0)
    #expect(one.1.text == two.1.text)
    #expect(one.1.segments.map(\.tokens) == two.1.segments.map(\.tokens))
    #expect(
      one.1.segments.map(\.averageLogProbability) == two.1.segments.map(\.averageLogProbability))
  }

  @Test(
    "Instruction sets do not change a bit", arguments: TinySpeech.formats, [true, false])
  func instructionSets(format: String, exact: Bool) throws {
    let golden = try TinySpeech.load()
    var first: (states: [Float], logits: [[Float]], words: [Double])?
    for set in InstructionSet.allCases where set.isAvailable {
      let model = try TinySpeech.model(format, exact: exact, set)
      let session = try SpeechSession(model)
      let sound = TinySpeech.tones(count: 30_000)
      try session.hear(SpeechWindow(try model.spectrogram(of: sound), from: 20, frameCount: 64))
      let logits = try session.evaluate(golden.tokens, wanted: Array(golden.tokens.indices))
      var options = TranscriptionOptions()
      options.wantsWords = true
      let words = try #require(try model.transcribe(sound, options: options).words)
      try #require(!words.isEmpty)
      let found = (session.stateValues, logits, words.flatMap { [$0.start, $0.end] })
      if let first {
        #expect(found.0 == first.states && found.1 == first.logits, "\(set)")
        #expect(found.2 == first.words, "\(set)")
      } else {
        first = found
      }
    }
  }

  @Test("Any sound ends in a transcription whose segments go forward", arguments: 0..<6)
  func anySound(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let model = try TinySpeech.model("q8_0")
    var samples = (0..<Int.random(in: 0..<40_000, using: &random)).map { _ in
      Float.random(in: -1...1, using: &random)
    }
    if seed == 5 { samples = [.nan, .infinity, -.infinity, 1e30] + samples }
    var options = TranscriptionOptions()
    options.language = seed == 0 ? "English" : nil
    options.prompt = seed == 1 ? String(repeating: "the bath ", count: 2_000) : nil
    options.temperature = seed == 2 ? 0.7 : 0
    options.wantsWords = seed % 2 == 1
    var seen = 0
    let result = try model.transcribe(samples, options: options) { segment in
      #expect(segment.id == seen)
      #expect(segment.end > segment.start)
      #expect(segment.averageLogProbability.isFinite)
      seen += 1
    }
    #expect(result.segments.count == seen)
    #expect((result.words != nil) == options.wantsWords)
    #expect(result.duration == Double(samples.count) / 16_000)
    #expect(zip(result.segments, result.segments.dropFirst()).allSatisfy { $0.seek <= $1.seek })
  }

  @Test("No sound gives no text") func noSound() throws {
    let result = try TinySpeech.model("f16").transcribe([])
    #expect(result.text.isEmpty && result.segments.isEmpty && result.duration == 0)
    #expect(result.language == "en" && result.languageName == "english")
  }

  @Test("The text before a window stands in front of its prompt, the last half of the context")
  func prompts() throws {
    let model = try TinySpeech.model("f16")
    let vocabulary = model.vocabulary
    let decoder = WindowDecoder(try SpeechSession(model))
    let start = [vocabulary.startOfTranscript, vocabulary.firstLanguage + 1]
    #expect(
      decoder.prompt(earlier: [], languagePlace: 1, task: .transcribe)
        == start + [vocabulary.transcribe])
    #expect(
      decoder.prompt(earlier: [65], languagePlace: 1, task: .translate, hasTimes: false)
        == [vocabulary.startOfEarlierText, 65] + start + [vocabulary.translate, vocabulary.noTimes])
    #expect(
      decoder.prompt(earlier: [65], languagePlace: nil, task: .transcribe)
        == [vocabulary.startOfEarlierText, 65, vocabulary.startOfTranscript])
    let half = model.hyperparameters.textContextLength / 2
    let many = (0..<3 * half).map { TokenID($0 % 200) }
    let prompt = decoder.prompt(earlier: many, languagePlace: 1, task: .transcribe)
    #expect(prompt.count == half + 3)
    #expect(Array(prompt[1..<half]) == Array(many.suffix(half - 1)))
  }

  @Test("A transcription that nobody wants any more ends") func cancellation() throws {
    let model = try TinySpeech.model("f16")
    #expect(throws: CancellationError.self) {
      try model.transcribe(TinySpeech.samples, isCancelled: { true })
    }
  }

  @Test("What a model cannot do is said")
  func refusals() throws {
    let model = try TinySpeech.model("f16")
    #expect(model.isMultilingual)
    #expect(model.languages == ["en", "zh"])
    var options = TranscriptionOptions()
    for language in ["de", "klingon", ""] {
      options.language = language
      #expect(throws: ModelError.self) { try model.transcribe([], options: options) }
    }
    options.language = nil
    for temperature in [-0.1, 1.1, Float.nan] {
      options.temperature = temperature
      #expect(throws: ModelError.self) { try model.transcribe([], options: options) }
    }
  }
}
