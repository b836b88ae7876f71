// Ids back to text: nothing lost, no character broken.

import TestSupport
import Testing
import Tokenizer

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence))
struct DecodingTests {
  @Test("Byte-level vocabularies give back any bytes", arguments: ["gpt-2", "llama-bpe", "qwen2"])
  func identity(_ name: String) throws {
    let tokenizer = try TextTokenizer(VocabularyFile.golden(name))
    var random = SeededRandom(seed: 1)
    for length in [1, 2, 3, 31, 32, 33, 100, 1000, 20_000] {
      for limit: UInt8 in [127, 255] {
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...limit, using: &random) }
        let ids = tokenizer.encode(utf8: bytes, parsingSpecial: false, addingSpecial: false)
        #expect(tokenizer.bytes(of: ids) == bytes)
        #expect(tokenizer.decode(ids) == String(decoding: bytes, as: UTF8.self))
      }
    }
  }

  @Test(
    "Golden texts are given back, one token at a time or all at once",
    arguments: ["gpt-2", "llama-spm", "gemma-4"])
  func streaming(_ name: String) throws {
    let tokenizer = try TextTokenizer(VocabularyFile.golden(name))
    for golden in try GoldenText.all(name) {
      // U+2581 stands for a space where spaces are not bytes of an alphabet.
      let text = name == "gpt-2" ? golden.text : golden.text.replacing("▁", with: " ")
      #expect(tokenizer.decode(golden.ids) == text, "\(text.debugDescription)")
      var decoder = StreamingDecoder(tokenizer)
      var streamed = ""
      for id in golden.ids { streamed += decoder.append(id) }
      streamed += decoder.finish()
      #expect(streamed == (tokenizer.addsSpace(golden.ids) ? " " : "") + text)
    }
  }

  @Test("A stream of any bytes is what all at once is")
  func streamingOfAnyBytes() throws {
    let tokenizer = try TextTokenizer(VocabularyFile.golden("gpt-2"))
    var random = SeededRandom(seed: 2)
    for _ in 0..<2000 {
      // Bytes that begin, continue and break characters, mostly.
      let bytes = (0..<12).map { _ in
        [0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF, 0xA0, 0x9F].randomElement(
          using: &random) ?? 0
      }.map { UInt8($0) }
      let ids = bytes.flatMap {
        tokenizer.encode(utf8: [$0], parsingSpecial: false, addingSpecial: false)
      }
      var decoder = StreamingDecoder(tokenizer)
      var text = ids.reduce(into: "") { $0 += decoder.append($1) }
      text += decoder.finish()
      #expect(text == String(decoding: bytes, as: UTF8.self), "\(bytes)")
    }
  }

  @Test("Special tokens are shown only when asked for")
  func special() throws {
    let tokenizer = try TextTokenizer(VocabularyFile.golden("llama-bpe"))
    let ids = tokenizer.encode(
      "<|start_header_id|>user<|end_header_id|>Hi<|eot_id|>", parsingSpecial: true)
    #expect(tokenizer.decode(ids) == "userHi")
    #expect(
      tokenizer.decode(ids, showingSpecial: true)
        == "<|begin_of_text|><|start_header_id|>user<|end_header_id|>Hi<|eot_id|>")
    #expect(tokenizer.isSpecial(128_009) && tokenizer.text(of: 128_009) == "<|eot_id|>")
    #expect(tokenizer.id(ofToken: "<|eot_id|>") == 128_009)
    #expect(
      tokenizer.id(ofToken: "Ġthe").map { tokenizer.bytes(of: $0, showingSpecial: false) }
        == Array(" the".utf8))
    #expect(tokenizer.endOfGenerationIDs == [128_001, 128_009])
  }
}

extension TextTokenizer {
  /// Whether the first visible token begins with a space that the vocabulary put there.
  fileprivate func addsSpace(_ ids: [TokenID]) -> Bool {
    let all = ids.reduce(into: [UInt8]()) { $0 += bytes(of: $1, showingSpecial: false) }
    return all.count == bytes(of: ids).count + 1
  }
}
