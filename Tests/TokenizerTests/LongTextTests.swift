// Texts without borders, which must neither take quadratic time nor come out differently, and many
// texts at once.

import TestSupport
import Testing
import Tokenizer

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence))
struct LongTextTests {
  @Test(
    "A megabyte without a border is encoded and given back",
    arguments: ["gpt-2", "llama-spm"], ["a", " ", "7", "\n", "é", "漢", "ab", "\u{1F600}"])
  func runs(_ name: String, _ unit: String) throws {
    let tokenizer = try Vocabularies.tokenizer(name)
    let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
    let ids = tokenizer.encode(text)
    #expect(tokenizer.decode(ids) == text)
    // Runs are merged alike wherever they stand: twice the text, twice the tokens, nearly.
    let half = tokenizer.encode(String(repeating: unit, count: 500_000 / unit.utf8.count))
    #expect(abs(ids.count - 2 * half.count) <= 64)
  }

  @Test("Long words merge as short ones do")
  func longAndShort() throws {
    // The words of this vocabulary are merged in one go up to 47 symbols, by a heap from there on;
    // a border that no token crosses must not change what is left of it.
    let tokenizer = try Vocabularies.tokenizer("llama-spm")
    var random = SeededRandom(seed: 4)
    for _ in 0..<300 {
      let word = String((0..<40).map { _ in "aeinorst".randomElement(using: &random) ?? "a" })
      let short = tokenizer.encode("\u{E000}" + word, addingSpecial: false)
      let long = tokenizer.encode(
        "\u{E000}" + word + String(repeating: "\u{E000}", count: 40), addingSpecial: false)
      #expect(Array(long.prefix(short.count)) == short, "\(word)")
    }
  }

  @Test("A batch is what its texts are one by one, and words kept do not change it")
  func batch() throws {
    let tokenizer = try Vocabularies.tokenizer("gpt-2")
    let texts = try GoldenText.all("gpt-2").map(\.text)
    let expected = texts.map { tokenizer.encode($0, parsingSpecial: true) }
    #expect(tokenizer.encode(batch: texts, parsingSpecial: true) == expected)
    tokenizer.forgetWords()
    #expect(tokenizer.encode(batch: texts, parsingSpecial: true) == expected)
    #expect(tokenizer.encode(batch: []).isEmpty)
  }
}

/// Tokenizers of golden vocabularies, made once.
enum Vocabularies {
  private static let gpt2 = Result { try TextTokenizer(VocabularyFile.golden("gpt-2")) }
  private static let llama = Result { try TextTokenizer(VocabularyFile.golden("llama-spm")) }

  static func tokenizer(_ name: String) throws -> TextTokenizer {
    try name == "gpt-2" ? gpt2.get() : llama.get()
  }
}
