// How named pre-tokenizers split text.

import TestSupport
import Testing
import Tokenizer

@Suite struct PreTokenizerTests {
  @Test(
    "Texts are split as the rule says",
    arguments: [
      (
        "gpt-2", "Hello'S wörld's  12345\n\n x=1",
        ["Hello", "'", "S", " wörld", "'s", " ", " 12345", "\n\n", " x", "=", "1"]
      ),
      (
        "llama-bpe", "Hello'S wörld's  12345\n\n x=1",
        ["Hello", "'S", " wörld", "'s", " ", " ", "123", "45", "\n\n", " x", "=", "1"]
      ),
      (
        "qwen2", "Hello'S  12\n\n x!!\n",
        ["Hello", "'S", " ", " ", "1", "2", "\n\n", " x", "!!\n"]
      ),
      (
        "smollm", "it's  12\n\n x=",
        ["it", "'s", "  ", "1", "2", "\n\n", " x", "="]
      ),
      ("gpt-4o", "HelloWorld's x/\n", ["Hello", "World's", " x", "/\n"]),
      ("qwen35", "हिन्दी भाषा", ["हिन्दी", " भाषा"]),
      ("deepseek-v3", "漢字かなabc 1234.", ["漢字かな", "abc", " ", "123", "4", "."]),
      ("superbpe", "one two 1234567 x", ["one two ", "1", "234", "567", " x"]),
      ("bloom", "one, two. x", ["one", ",", " two", ".", " x"]),
      ("kimi-k2", "漢字abc's 1234", ["漢字", "abc's", " ", "123", "4"]),
      ("gemma4", "a b\n\nc", ["a b", "\n\n", "c"]),
    ])
  func pieces(_ name: String, _ text: String, _ pieces: [String]) throws {
    let rule = try #require(PreTokenizer(named: name))
    #expect(rule.pieces(of: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) } == pieces)
  }

  @Test("No rule loses a byte of any text", arguments: TextTokenizer.preTokenizerNames)
  func nothingIsLost(_ name: String) throws {
    let rule = try #require(PreTokenizer(named: name))
    var random = SeededRandom(seed: 3)
    let parts =
      [
        "a", "Z", " ", "  ", "\n", "\r\n", "'s", "1", "23", "漢", "é", "!", "\u{301}", "\u{A0}", "½",
      ].map { Array($0.utf8) } + [[0xFF], [0xE2], [0xF0, 0x9F]]
    for _ in 0..<50 {
      let text = (0..<30).flatMap { _ in parts.randomElement(using: &random) ?? [] }
      let pieces = rule.pieces(of: text)
      #expect(pieces.flatMap { $0 } == text && !pieces.contains { $0.isEmpty })
    }
  }

  @Test(
    "A run of spaces takes time in proportion to its length",
    arguments: TextTokenizer.preTokenizerNames, [" ", "\u{3000}", "\t", "\n"])
  func runsOfSpaces(_ name: String, space: String) async throws {
    let rule = try #require(PreTokenizer(named: name))
    let text = Array((String(repeating: space, count: 20_000) + "1").utf8)
    // Of a square there were seconds.
    let time = try await leastProcessorTime(within: .milliseconds(250)) {
      #expect(rule.pieces(of: text).joined().count == text.count)
    }
    #expect(time < .milliseconds(250), "\(time)")
  }

  @Test("White space at the end is a piece of its own")
  func spacesAtEnd() throws {
    let rule = try #require(PreTokenizer(named: "deepseek-llm"))
    for (text, pieces) in [
      ("a b  ", ["a", " b", "  "]), ("   1", ["   ", "1"]), ("  ", ["  "]),
      (" 1  2 ", [" ", "1", "  ", "2", " "]),
    ] {
      let found = rule.pieces(of: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
      #expect(found == pieces)
    }
  }

  @Test("Pieces do not depend on how much text follows in other portions")
  func portions() throws {
    let rule = try #require(PreTokenizer(named: "llama-bpe"))
    let sentence = Array("It's 1234 o'clock,\n  says Zoë!\n\n".utf8)
    let one = rule.pieces(of: sentence).map(Array.init)
    let many = rule.pieces(of: Array(repeatElement(sentence, count: 1000).joined()))
    #expect(many.map(Array.init) == Array(repeatElement(one, count: 1000).joined()))
  }
}
