// Reads the vocabulary of a GGUF file, for tests: `Tokenizer` itself knows no file type.

import FoundationEssentials
import TestSupport
import Tokenizer

/// The tokenizer.* metadata of a GGUF file (version 2 or 3, little endian), trusted to be well
/// formed.
struct VocabularyFile {
  private let data: Data
  private var position = 0
  private(set) var vocabulary = Vocabulary(model: "", tokens: StringTable())

  /// The vocabulary of the golden file `name`.gguf.
  static func golden(_ name: String) throws -> Vocabulary {
    try VocabularyFile(path: Fixtures.root + "/tokenizers/" + name + ".gguf").vocabulary
  }

  init(path: String) throws {
    data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    position = 8
    _ = number(8)
    for _ in 0..<number(8) {
      let key = string()
      read(key, type: number(4))
    }
  }

  private mutating func number(_ size: Int) -> Int {
    var value: UInt64 = 0
    for offset in 0..<size { value |= UInt64(data[position + offset]) << UInt64(offset * 8) }
    position += size
    return Int(truncatingIfNeeded: value)
  }

  private mutating func bytes() -> Data {
    let count = number(8)
    defer { position += count }
    return data[position..<position + count]
  }

  private mutating func string() -> String { String(decoding: bytes(), as: UTF8.self) }

  private static func size(of type: Int) -> Int { [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][type] }

  private mutating func read(_ key: String, type: Int) {
    switch type {
    case 8:
      let text = string()
      switch key {
      case "tokenizer.ggml.model": vocabulary.model = text
      case "tokenizer.ggml.pre": vocabulary.preTokenizer = text
      case "general.name": vocabulary.name = text
      default: break
      }
    case 9:
      let element = number(4)
      let count = number(8)
      readArray(key, element, count)
    default: readNumber(key, number(Self.size(of: type)))
    }
  }

  private mutating func readArray(_ key: String, _ type: Int, _ count: Int) {
    switch key {
    case "tokenizer.ggml.tokens": vocabulary.tokens = strings(count)
    case "tokenizer.ggml.merges": vocabulary.merges = strings(count)
    case "tokenizer.ggml.scores":
      vocabulary.scores = (0..<count).map { _ in
        Float(bitPattern: UInt32(truncatingIfNeeded: number(4)))
      }
    case "tokenizer.ggml.token_type":
      vocabulary.kinds = (0..<count).map { _ in TokenKind(rawValue: Int32(number(4))) ?? .normal }
    default:
      if type == 8 { _ = strings(count) } else { position += Self.size(of: type) * count }
    }
  }

  private mutating func strings(_ count: Int) -> StringTable {
    var table = StringTable()
    table.reserve(strings: count, bytes: count * 8)
    for _ in 0..<count { table.append(bytes()) }
    return table
  }

  private mutating func readNumber(_ key: String, _ value: Int) {
    let id = TokenID(truncatingIfNeeded: value)
    switch key {
    case "tokenizer.ggml.bos_token_id": vocabulary.beginID = id
    case "tokenizer.ggml.eos_token_id": vocabulary.endID = id
    case "tokenizer.ggml.eot_token_id": vocabulary.endOfTurnID = id
    case "tokenizer.ggml.unknown_token_id": vocabulary.unknownID = id
    case "tokenizer.ggml.seperator_token_id": vocabulary.separatorID = id
    case "tokenizer.ggml.padding_token_id": vocabulary.paddingID = id
    case "tokenizer.ggml.mask_token_id": vocabulary.maskID = id
    case "tokenizer.ggml.add_bos_token": vocabulary.addBegin = value != 0
    case "tokenizer.ggml.add_eos_token": vocabulary.addEnd = value != 0
    case "tokenizer.ggml.add_sep_token": vocabulary.addSeparator = value != 0
    case "tokenizer.ggml.add_space_prefix": vocabulary.addSpacePrefix = value != 0
    default: break
    }
  }
}
