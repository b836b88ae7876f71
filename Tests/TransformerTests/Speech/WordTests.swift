// How a window's tokens are cut into segments and words, and when words were said.

import TensorCore
import TestSupport
import Testing
import Tokenizer
import Transformer

/// Words of the tiny model: a byte each, " t" 256, "th" 257, " th" 258, " the" 259 and so on.
@Suite struct WordTests {
  private static func vocabulary() throws -> SpeechVocabulary {
    try TinySpeech.model("f16").vocabulary
  }

  /// Times are steps of 20 ms, told by negative numbers: -1 is 0.00 s, -2 is 0.02 s.
  private static func tokens(_ numbers: [Int], _ vocabulary: SpeechVocabulary) -> [TokenID] {
    numbers.map { $0 < 0 ? vocabulary.firstTime + TokenID(-$0 - 1) : TokenID($0) }
  }

  struct Cut: Sendable {
    let numbers: [Int]
    /// Frames of the window.
    var heard = 64
    /// Tokens of each part, its beginning and its end in steps of time.
    let parts: [(count: Int, start: Int, end: Int)]
    let advance: Int
    var endsWithOne = false
  }

  @Test(
    "Segments end at pairs of times, and the next window begins at the last one",
    arguments: [
      Cut(numbers: [], parts: [(0, 0, 32)], advance: 64),
      Cut(numbers: [65, 66], parts: [(2, 0, 32)], advance: 64),
      Cut(numbers: [65, 66], heard: 50, parts: [(2, 0, 25)], advance: 50),
      Cut(numbers: [-1, 65, -11], parts: [(3, 0, 10)], advance: 64, endsWithOne: true),
      // A time of 0.00 s alone says nothing of the end.
      Cut(numbers: [-1, 65], parts: [(2, 0, 32)], advance: 64),
      Cut(numbers: [-5, 65], parts: [(2, 0, 4)], advance: 64),
      Cut(
        numbers: [-1, 65, -11, -11, 66], parts: [(3, 0, 10)], advance: 20),
      Cut(
        numbers: [-1, 65, -11, -13, 66, -21], parts: [(3, 0, 10), (3, 12, 20)], advance: 64,
        endsWithOne: true),
      Cut(
        numbers: [-1, 65, -11, -13, 66, -21, -21], parts: [(3, 0, 10), (3, 12, 20)], advance: 40),
      // The next window begins later than this one, whatever the times say.
      Cut(numbers: [-1, -1, 65], parts: [(1, 0, 0)], advance: 1),
    ])
  func segments(_ expected: Cut) throws {
    let vocabulary = try Self.vocabulary()
    let cut = SegmentCut(
      Self.tokens(expected.numbers, vocabulary), vocabulary, heardFrames: expected.heard)
    #expect(cut.advance == expected.advance)
    #expect(cut.endsWithOne == expected.endsWithOne)
    #expect(cut.parts.map(\.tokens.count) == expected.parts.map(\.count))
    for (part, expected) in zip(cut.parts, expected.parts) {
      #expect(abs(part.start - 0.02 * Double(expected.start)) < 1e-9)
      #expect(abs(part.end - 0.02 * Double(expected.end)) < 1e-9)
    }
  }

  @Test(
    "Words begin at spaces, punctuation stands alone, and broken bytes cost no word behind them",
    arguments: [
      ([], "en", []),
      (Array("a b".utf8).map { Int($0) }, "en", ["a", " b"]),
      ([259, 257, 101], "en", [" thethe"]),
      (Array(" don't stop-gap".utf8).map { Int($0) }, "en", [" don", "'t", " stop", "-gap"]),
      (Array("3.5%".utf8).map { Int($0) }, "en", ["3", ".5", "%"]),
      // Three bytes of a character are a piece together.
      (Array("日本".utf8).map { Int($0) }, "en", ["日本"]),
      (Array("日本".utf8).map { Int($0) }, "zh", ["日", "本"]),
      // Bytes that are none, and what follows.
      ([0xFF, 0x20, 0x61, 0x20, 0x62], "en", ["\u{FFFD}", " a", " b"]),
      ([0xE6, 0x97, 0x20, 0x61, 0x20, 0x62], "en", ["\u{FFFD}", " a", " b"]),
      ([0x20, 0x61, 0x80, 0x20, 0x62], "en", [" a\u{FFFD}", " b"]),
      ([0x20, 0x61, 0x20, 0x62, 0xE6, 0x97], "en", [" a", " b\u{FFFD}"]),
      ([0xE6, 0x61, 0xE6, 0x97, 0xA5], "zh", ["\u{FFFD}", "a", "日"]),
    ] as [([Int], String, [String])])
  func words(numbers: [Int], language: String, words: [String]) throws {
    let vocabulary = try Self.vocabulary()
    let tokens = numbers.map { TokenID($0) }
    let found = WordCut.words(of: tokens, vocabulary, language: language)
    #expect(found.map(\.text) == words)
    #expect(found.flatMap(\.tokens) == tokens)
  }

  private struct Splits: Decodable {
    struct Case: Decodable {
      let language: String?
      let tokens: [TokenID]
      let words: [String]
      let word_tokens: [[TokenID]]
    }
    let word_split: [Case]
  }

  @Test(
    "Words are those of OpenAI's program", .enabled(if: Fixtures.isPresent, Fixtures.absence),
    .enabled(if: RealSpeechModel.arePresent, RealSpeechModel.absence))
  func goldenWords() throws {
    let vocabulary = try SpeechVocabulary(SpeechFile(path: RealSpeechModel.base.path))
    let golden = try Fixtures.json("whisper/tokenizer_and_text.json", as: Splits.self)
    for split in golden.word_split {
      let found = WordCut.words(
        of: split.tokens, vocabulary, language: split.language ?? "en")
      // There the end of the text stands behind.
      #expect(found.map(\.text) == split.words.dropLast())
      #expect(found.map(\.tokens) == split.word_tokens.dropLast())
    }
  }

  /// A piece of a token each.
  private static func times(_ words: [(text: String, seconds: Double)]) -> WordTimes {
    var starts = [0.0]
    for word in words { starts.append(starts[starts.count - 1] + word.seconds) }
    return WordTimes(
      words.enumerated().map { WordPiece(text: $1.text, tokens: [TokenID($0)]) }, starts: starts,
      probabilities: words.map { _ in 0.5 })
  }

  @Test(
    "Punctuation goes to the word beside it",
    arguments: [
      ([" a", ".", " b"], [" a.", "", " b"]), ([" a", ",", "\"", " b"], [" a,\"", "", "", " b"]),
      ([" (", "a", ")", " b"], ["", " (a)", "", " b"]), ([" \"", "a"], ["", " \"a"]),
      // A quotation mark with a space before it begins, and one without ends.
      ([" a", " -", "b"], [" a", "", " -b"]), (["."], ["."]), ([".", "."], ["..", ""]),
      ([" a", "。", "b"], [" a。", "", "b"]),
    ] as [([String], [String])])
  func punctuation(words: [String], joined: [String]) {
    let found = Self.times(words.map { ($0, 0.2) }).words
    #expect(found.map(\.text) == joined)
    #expect(found.flatMap(\.tokens).sorted() == words.indices.map { TokenID($0) })
    #expect(zip(found, joined).allSatisfy { $0.tokens.isEmpty == $1.isEmpty })
  }

  @Test("A pause at a sentence's end is no part of a word, and the median bounds it")
  func pauses() {
    let before = Self.times([(" a", 0.2), (" b", 0.2), (".", 2), (" c", 0.2), (" d", 0.2)])
    #expect(abs(before.median - 0.2) < 1e-9)
    // The mark keeps twice the median.
    #expect(
      before.words.map { $0.end - $0.start }.map { ($0 * 100).rounded() } == [20, 20, 40, 20, 20])
    let behind = Self.times([(" a", 0.2), (" b", 0.2), (".", 0.2), (" c", 2), (" d", 0.2)])
    #expect(abs(behind.words[3].end - behind.words[3].start - 0.4) < 1e-9)
    #expect(abs(behind.words[3].end - 2.6) < 1e-9)
    // No word is believed to take more than 0.7 s mostly.
    #expect(Self.times([(" a", 3), (" b", 3)]).median == 0.7)
    #expect(Self.times([(" a", 0), (" b", 0)]).median == 0)
    #expect(abs(Self.times([(" a", 0.1), (" b", 0.3)]).median - 0.2) < 1e-9)
  }

  private static func segment(_ start: Double, _ end: Double) -> TranscriptionSegment {
    TranscriptionSegment(
      id: 0, seek: 0, start: start, end: end, text: " a", tokens: [], temperature: 0,
      averageLogProbability: 0, compressionRatio: 1, noSpeechProbability: 0)
  }

  @Test(
    "Segments take the times of their words, unless those are far from the segment's own",
    arguments: [
      // Words of half a second from 0 on; the segment's times, and what becomes of it.
      (0.0, 1.0, 0.0, 1.0), (0.4, 1.3, 0.0, 1.0),
      // The first word is too long: the segment's beginning is believed.
      (0.8, 1.0, 0.8, 1.0),
    ])
  func fitting(start: Double, end: Double, newStart: Double, newEnd: Double) throws {
    let isLong = start > 0.5
    let times = Self.times(
      isLong ? [(" a", 0.9), (" b", 0.1)] : [(" a", 0.5), (" b", 0.5)])
    var segments = [Self.segment(start, end)]
    times.apply(to: &segments, counts: [2], offset: 0, lastEnd: 0)
    #expect(segments[0].words?.map(\.text) == [" a", " b"])
    #expect(abs(segments[0].start - newStart) < 1e-9 || isLong && segments[0].start == start)
    #expect(abs(segments[0].end - newEnd) < 1e-9)
  }

  @Test("A segment without a word keeps its times, and a window ends where its last word does")
  func ends() throws {
    let times = Self.times([(" a", 0.5), (" b", 2)])
    // The end of the last word is 2.5 s; the segment's own is 1.2 s, and half a second before it.
    var segments = [Self.segment(0, 1.2), Self.segment(3, 4)]
    times.apply(to: &segments, counts: [2, 0], offset: 10, lastEnd: 10)
    #expect(segments[1].words?.isEmpty == true && segments[1].start == 3 && segments[1].end == 4)
    let last = try #require(segments[0].words?.last)
    #expect(WordTimes.end(of: segments) == last.end)
    #expect(WordTimes.end(of: [segments[1]]) == 4)
    #expect(WordTimes.end(of: []) == nil)
    // Where the segment's end is before its last word may end, the two differ.
    var early = [Self.segment(10, 10.6)]
    Self.times([(" a", 0.5), (" b", 2)]).apply(to: &early, counts: [2], offset: 10, lastEnd: 10)
    let word = try #require(early[0].words?.last)
    #expect(early[0].end == 10.6 && word.end > 10.6)
    #expect(WordTimes.end(of: early) == word.end)
  }
}
