// Vocabularies that contradict themselves: an error that says so, or no harm.

import Testing
import Tokenizer

/// A small vocabulary to spoil.
func smallVocabulary(model: String = "gpt2") -> Vocabulary {
  var tokens = StringTable()
  for byte in 0x21...0x7E { tokens.append([UInt8(byte)]) }
  for text in ["Ġ", "th", "the", "Ġthe", "<|im_end|>", "▁", "▁a", "<0x0A>"] {
    tokens.append(text.utf8)
  }
  var vocabulary = Vocabulary(model: model, tokens: tokens)
  vocabulary.scores = (0..<tokens.count).map { -Float($0) }
  for merge in ["t h", "th e", "Ġ the"] { vocabulary.merges.append(merge.utf8) }
  vocabulary.beginID = 3
  return vocabulary
}

private let models = ["gpt2", "llama", "bert", "t5", "gemma4"]

@Suite struct HostileVocabularyTests {
  @Test("An unknown model or pre-tokenizer is refused and named")
  func unknownNames() {
    #expect(throws: TokenizerError.unknownModel("nosuch")) {
      try TextTokenizer(smallVocabulary(model: "nosuch"))
    }
    var vocabulary = smallVocabulary()
    vocabulary.preTokenizer = "nosuch"
    #expect(throws: TokenizerError.unknownPreTokenizer("nosuch")) {
      try TextTokenizer(vocabulary)
    }
    #expect("\(TokenizerError.unknownPreTokenizer("nosuch"))".contains("llama-bpe"))
    #expect("\(TokenizerError.unknownModel("nosuch"))".contains("gemma4"))
    // A file's name for it must not write to a terminal.
    for error in [TokenizerError.unknownModel("a\u{1B}[2J\n"), .unknownPreTokenizer("a\u{9B}\r")] {
      #expect("\(error)".contains("'a\u{FFFD}"))
      #expect("\(error)".unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
  }

  @Test("A vocabulary without tokens is refused", arguments: models)
  func empty(_ model: String) {
    #expect(throws: TokenizerError.emptyVocabulary) {
      try TextTokenizer(Vocabulary(model: model, tokens: StringTable()))
    }
  }

  @Test("Without scores all are equal")
  func noScores() throws {
    var vocabulary = smallVocabulary(model: "llama")
    vocabulary.scores = []
    let without = try TextTokenizer(vocabulary).encode("a word, and one more")
    vocabulary.scores = Array(repeating: 0, count: vocabulary.tokens.count)
    #expect(try without == TextTokenizer(vocabulary).encode("a word, and one more"))
    #expect(!without.isEmpty)
  }

  @Test("Lists shorter than the tokens are refused")
  func shortLists() {
    var vocabulary = smallVocabulary(model: "llama")
    vocabulary.scores.removeLast()
    #expect(throws: TokenizerError.tooFewEntries(list: "scores", expected: 102, found: 101)) {
      try TextTokenizer(vocabulary)
    }
    vocabulary = smallVocabulary(model: "t5")
    vocabulary.scores = []
    #expect(throws: TokenizerError.tooFewEntries(list: "scores", expected: 102, found: 0)) {
      try TextTokenizer(vocabulary)
    }
    vocabulary = smallVocabulary()
    vocabulary.kinds = [.normal, .normal, .control]
    #expect(throws: TokenizerError.tooFewEntries(list: "token types", expected: 102, found: 3)) {
      try TextTokenizer(vocabulary)
    }
    vocabulary = smallVocabulary()
    vocabulary.merges = StringTable()
    #expect(throws: TokenizerError.missing("a list of merges", model: "gpt2")) {
      try TextTokenizer(vocabulary)
    }
  }

  @Test("Special ids outside the vocabulary count as not given", arguments: models)
  func wildIDs(_ model: String) throws {
    for id in [TokenID.min, -1, 102, .max] {
      var vocabulary = smallVocabulary(model: model)
      vocabulary.beginID = id
      vocabulary.endID = id
      vocabulary.unknownID = id
      vocabulary.separatorID = id
      vocabulary.endOfTurnID = id
      vocabulary.fillPaddingID = id
      vocabulary.addBegin = true
      vocabulary.addEnd = true
      let tokenizer = try TextTokenizer(vocabulary)
      let ids = tokenizer.encode("the\nthe Ω <|im_end|>", parsingSpecial: true)
      #expect(ids.allSatisfy { (0..<102).contains($0) })
      #expect(tokenizer.decode([id, .min, .max]).isEmpty)
      #expect(tokenizer.text(of: id).isEmpty && !tokenizer.isSpecial(id))
    }
  }

  @Test("Equal, empty and invalid spellings do no harm", arguments: models)
  func oddTokens(_ model: String) throws {
    for odd in [[], [0x61], [0xFF, 0xFE], [0xC3], [0, 0], Array("☃☃☃".utf8)] as [[UInt8]] {
      var tokens = StringTable()
      for _ in 0..<300 { tokens.append(odd) }
      var vocabulary = Vocabulary(model: model, tokens: tokens)
      vocabulary.scores = Array(repeating: .nan, count: 300)
      vocabulary.kinds = Array(repeating: .userDefined, count: 300)
      vocabulary.merges.append("a a".utf8)
      let tokenizer = try TextTokenizer(vocabulary)
      let ids = tokenizer.encode(
        utf8: odd + [0x61, 0x20] + odd, parsingSpecial: true, addingSpecial: true)
      #expect(ids.allSatisfy { (0..<300).contains($0) })
      _ = tokenizer.decode(0..<300, showingSpecial: true)
    }
  }

  @Test("Merges that cannot be read never apply")
  func oddMerges() throws {
    var vocabulary = smallVocabulary()
    vocabulary.merges = StringTable()
    for merge in ["zz qq", "t", "", " ", "  ", "t h e", "☃ ☃", "t "] {
      vocabulary.merges.append(merge.utf8)
    }
    vocabulary.merges.append([0xFF, 0x20, 0xFE])
    let tokenizer = try TextTokenizer(vocabulary)
    #expect(tokenizer.decode(tokenizer.encode("zzqqthe", addingSpecial: false)) == "zzqqthe")
  }

  @Test("Scores that are no numbers do no harm", arguments: [Float.nan, .infinity, -.infinity])
  func oddScores(_ score: Float) throws {
    for model in ["llama", "t5"] {
      var vocabulary = smallVocabulary(model: model)
      vocabulary.scores = vocabulary.scores.map { _ in score }
      let tokenizer = try TextTokenizer(vocabulary)
      #expect(!tokenizer.encode("the a\n☃").isEmpty)
    }
  }

  @Test("Damaged normalisation rules are refused, or lead nowhere")
  func oddCharacterMaps() throws {
    for map in [[1], [0, 0, 0, 0], [255, 255, 255, 255, 0], [3, 0, 0, 0, 1, 1, 1, 0]] as [[UInt8]] {
      var vocabulary = smallVocabulary(model: "t5")
      vocabulary.precompiledCharacterMap = map
      #expect(throws: TokenizerError.self) { try TextTokenizer(vocabulary) }
    }
    var random = SeededRandom(seed: 5)
    for _ in 0..<200 {
      var vocabulary = smallVocabulary(model: "t5")
      vocabulary.precompiledCharacterMap =
        [64, 0, 0, 0] + (0..<80).map { _ in .random(in: 0...255, using: &random) } + [0]
      let tokenizer = try TextTokenizer(vocabulary)
      _ = tokenizer.encode(
        utf8: (0..<100).map { _ in .random(in: 0...255, using: &random) }, parsingSpecial: true,
        addingSpecial: true)
    }
  }
}

/// Numbers that are the same in every run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
