// What a tokenizer takes from a GGUF file's metadata, field by field.

import Foundation
import TensorCore
import Testing
import Tokenizer
import Transformer

/// The bytes of a GGUF file with metadata alone.
private struct VocabularyBytes {
  private var pairs: [UInt8] = []
  private var count: UInt64 = 0

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func bytes(_ text: String) -> [UInt8] {
    bytes(UInt64(text.utf8.count)) + Array(text.utf8)
  }

  private mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    pairs += Self.bytes("tokenizer.ggml." + key) + Self.bytes(type) + value
    count += 1
  }

  mutating func set(_ key: String, _ text: String) { add(key, type: 8, Self.bytes(text)) }
  mutating func set(_ key: String, _ truth: Bool) { add(key, type: 7, [truth ? 1 : 0]) }
  mutating func set(_ key: String, _ id: UInt32) { add(key, type: 4, Self.bytes(id)) }

  private mutating func add(_ key: String, of type: UInt32, _ elements: [[UInt8]]) {
    add(
      key, type: 9,
      Self.bytes(type) + Self.bytes(UInt64(elements.count)) + Array(elements.joined()))
  }

  mutating func set(_ key: String, _ texts: [String]) {
    add(key, of: 8, texts.map { Self.bytes($0) })
  }
  mutating func set(_ key: String, _ numbers: [Int32]) {
    add(key, of: 5, numbers.map { Self.bytes($0) })
  }
  mutating func set(_ key: String, _ numbers: [Float]) {
    add(key, of: 6, numbers.map { Self.bytes($0.bitPattern) })
  }
  mutating func set(_ key: String, _ numbers: [UInt8]) { add(key, of: 0, numbers.map { [$0] }) }

  /// A text of so many bytes, which are to follow the pairs.
  mutating func setLast(_ key: String, textBytes: Int) {
    add(key, of: 8, [Self.bytes(UInt64(textBytes))])
  }

  /// The tokenizer of a file with these pairs, which is written and removed again.
  ///
  /// - Parameter zeros: bytes behind them; most disks have no need of room for them.
  func tokenizer(zeros: UInt64 = 0) throws -> TextTokenizer {
    let header = Array("GGUF".utf8) + Self.bytes(UInt32(3)) + Self.bytes(UInt64(0))
    let folder = FileManager.default.temporaryDirectory
    let url = folder.appendingPathComponent("vocabulary-\(UUID().uuidString).gguf")
    try Data(header + Self.bytes(count) + pairs).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    if zeros > 0 {
      let file = try FileHandle(forWritingTo: url)
      try file.truncate(atOffset: try file.seekToEnd() + zeros)
      try file.close()
    }
    return try TextTokenizer(try GGUFFile(path: url.path))
  }
}

@Suite struct VocabularyLoadingTests {
  private func unigram(_ change: (inout VocabularyBytes) -> Void) throws -> TextTokenizer {
    var file = VocabularyBytes()
    file.set("model", "t5")
    file.set("tokens", ["<pad>", "</s>", "<unk>", "▁", "a", "b", "▁a"])
    file.set("scores", [0, 0, 0, -2, -3, -3, -4] as [Float])
    file.set("token_type", [3, 3, 2, 1, 1, 1, 1] as [Int32])
    file.set("eos_token_id", 1)
    file.set("unknown_token_id", 2)
    change(&file)
    return try file.tokenizer()
  }

  @Test func spacesOfAUnigramVocabularyAreAsItsFlagsSay() throws {
    let cases: [(prefix: Bool, removes: Bool, ids: [TokenID])] = [
      (true, true, [6, 3, 5, 1]), (true, false, [6, 3, 3, 5, 1]), (false, false, [4, 3, 3, 5, 1]),
    ]
    for (prefix, removes, ids) in cases {
      let tokenizer = try unigram {
        $0.set("add_space_prefix", prefix)
        $0.set("remove_extra_whitespaces", removes)
      }
      #expect(tokenizer.encode("a  b") == ids, "\(prefix), \(removes)")
    }
    let open = try unigram { $0.set("add_eos_token", false) }
    #expect(open.encode("ab") == [4, 5] && open.endID == 1 && open.unknownID == 2)
  }

  @Test func normalisationRulesOfAUnigramVocabularyAreRead() throws {
    let error = #expect(throws: ModelError.self) {
      try unigram { $0.set("precompiled_charsmap", [255, 255, 0, 0, 1] as [UInt8]) }
    }
    // It names the file.
    #expect("\(error!)".contains(".gguf: "))
    #expect("\(error!)".contains("precompiled_charsmap"))
    // A tree with one unit, which has no branch: nothing is replaced.
    let tokenizer = try unigram {
      $0.set("precompiled_charsmap", [4, 0, 0, 0, 0, 0, 0, 0, 0] as [UInt8])
    }
    #expect(tokenizer.encode("ab", addingSpecial: false) == [4, 5])
  }

  @Test func fieldsOfAWordPieceVocabularyAreRead() throws {
    func tokenizer(_ change: (inout VocabularyBytes) -> Void) throws -> TextTokenizer {
      var file = VocabularyBytes()
      file.set("model", "bert")
      file.set("tokens", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁a", "▁A", "b", "[MASK]", "▁á"])
      file.set("bos_token_id", 0)
      file.set("cls_token_id", 2)
      file.set("unknown_token_id", 1)
      file.set("padding_token_id", 0)
      file.set("mask_token_id", 7)
      change(&file)
      return try file.tokenizer()
    }
    let plain = try tokenizer { $0.set("seperator_token_id", 3) }
    #expect(plain.encode("A ab Á zz") == [2, 4, 4, 6, 4, 1, 3])
    #expect(plain.beginID == 2 && plain.separatorID == 3 && plain.maskID == 7)
    #expect(plain.paddingID == 0)
    // The right spelling of the key, which other converters write.
    #expect(try tokenizer { $0.set("separator_token_id", 3) }.separatorID == 3)
    let cased = try tokenizer {
      $0.set("seperator_token_id", 3)
      $0.set("normalizer.lowercase", false)
    }
    #expect(cased.encode("A a") == [2, 5, 4, 3])
    let accented = try tokenizer {
      $0.set("seperator_token_id", 3)
      $0.set("normalizer.strip_accents", false)
    }
    #expect(accented.encode("Á") == [2, 8, 3])
  }

  @Test func listsThatDoNotFitTheTokensAreRefused() {
    for isType in [true, false] {
      var file = VocabularyBytes()
      file.set("model", "llama")
      file.set("tokens", ["<unk>", "a"])
      if isType {
        file.set("token_type", [2, 9] as [Int32])
      } else {
        file.set("scores", [0] as [Float])
      }
      let error = #expect(throws: ModelError.self) { try file.tokenizer() }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains(isType ? "says 9 for token 1" : "1 entries for 2 tokens"))
    }
  }

  @Test func moreTextThanPlacesCanBeToldOfIsRefused() {
    var file = VocabularyBytes()
    file.set("model", "gpt2")
    file.setLast("tokens", textBytes: 1 << 31)
    let error = #expect(throws: ModelError.self) { try file.tokenizer(zeros: 1 << 31) }
    #expect(error?.code == .badMetadata)
    #expect(error?.description.contains("tokenizer.ggml.tokens has 2147483648 bytes") == true)
  }
}
