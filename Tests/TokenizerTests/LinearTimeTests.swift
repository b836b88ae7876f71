// Texts that are made to be slow: every kind of tokenizer takes time in proportion to their length.

import FoundationEssentials
import TestSupport
import Testing
import Tokenizer

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence), .serialized)
struct LinearTimeTests {
  /// Texts without a border between words, or without any sense, of about `count` bytes.
  private func text(_ name: String, _ count: Int) -> [UInt8] {
    var random = SeededRandom(seed: 7)
    return switch name {
    case "random bytes": (0..<count).map { _ in .random(in: 0...255, using: &random) }
    case "random letters": (0..<count).map { _ in .random(in: 0x61...0x7A, using: &random) }
    default: Array(String(repeating: name, count: count / name.utf8.count).utf8)
    }
  }

  @Test(
    "A megabyte is encoded in linear time",
    arguments: ["gpt-2", "llama-bpe", "llama-spm", "gemma-4", "bert-bge", "t5"])
  func linear(_ name: String) throws {
    let tokenizer = try TextTokenizer(name == "t5" ? unigram() : VocabularyFile.golden(name))
    var names = ["a", " ", "7", "\n", "random bytes"]
    if ProcessInfo.processInfo.environment["APUS_SLOW"] != nil {
      names += ["\t", "é", "漢", "<", "▁", "ab", "random letters"]
    }
    for name in names {
      let (short, long) = (text(name, 125_000), text(name, 1_000_000))
      var (few, many) = (time(tokenizer, short), time(tokenizer, long))
      // Eight times the text; 64 times the time would be quadratic. What other programs do to the
      // caches makes single figures uncertain.
      func isLinear() -> Bool { many < .milliseconds(50) || many < few * 24 }
      for _ in 0..<2 where !isLinear() {
        few = max(few, time(tokenizer, short))
        many = min(many, time(tokenizer, long))
      }
      #expect(isLinear(), "\(name): \(few) for 125 kB, \(many) for 1 MB")
      #expect(many < .seconds(3), "\(name)")
    }
  }

  /// The processor time of encoding.
  private func time(_ tokenizer: TextTokenizer, _ text: [UInt8]) -> Duration {
    processorTime {
      let ids = tokenizer.encode(utf8: text, parsingSpecial: true, addingSpecial: true)
      #expect(!ids.isEmpty)
    }
  }

  /// A Unigram vocabulary, of which no golden file has one.
  private func unigram() -> Vocabulary {
    var tokens = StringTable()
    for text in ["<pad>", "</s>", "<unk>", "▁"] { tokens.append(text.utf8) }
    for byte in UInt8(0x21)...0x7E {
      tokens.append([byte])
      tokens.append([byte, byte])
      tokens.append([byte, byte, byte, byte, byte, byte, byte, byte])
    }
    for text in ["▁a", "ab", "▁▁▁▁", "é", "éé", "漢", "the"] { tokens.append(text.utf8) }
    var vocabulary = Vocabulary(model: "t5", tokens: tokens)
    vocabulary.scores = (0..<tokens.count).map { -2 - Float($0 % 17) / 4 }
    vocabulary.kinds = Array(repeating: .normal, count: tokens.count)
    vocabulary.kinds[0] = .control
    vocabulary.kinds[1] = .control
    vocabulary.kinds[2] = .unknown
    vocabulary.addSpacePrefix = true
    return vocabulary
  }
}
