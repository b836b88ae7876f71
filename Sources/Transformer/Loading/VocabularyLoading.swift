// A tokenizer from a model file's metadata.

public import TensorCore
public import Tokenizer

extension TextTokenizer {
  /// The tokenizer of a GGUF file, which may hold a vocabulary alone.
  ///
  /// - Throws: `GGUFError`, `ModelError` or `TokenizerError`.
  public convenience init(_ file: GGUFFile) throws {
    let vocabulary = try Vocabulary(file.metadata, path: file.path)
    try self.init(vocabulary)
  }
}

extension Vocabulary {
  /// The vocabulary that a GGUF file's `tokenizer.ggml.*` keys describe.
  init(_ metadata: GGUFMetadata, path: String) throws {
    let prefix = "tokenizer.ggml."
    let model = try metadata.requiredString(prefix + "model")
    guard let texts = try metadata.strings(prefix + "tokens") else {
      throw ModelError(.missingMetadata, "\(path): lacks \(prefix)tokens: it has no vocabulary")
    }
    self.init(model: model, tokens: StringTable(texts))
    name = try metadata.string("general.name")
    preTokenizer = try metadata.string(prefix + "pre")
    if let merges = try metadata.strings(prefix + "merges") { self.merges = StringTable(merges) }
    if let scores = try metadata.floats(prefix + "scores") {
      try Self.check(scores.count, prefix + "scores", texts.count, path)
      self.scores = scores
    }
    if let kinds = try metadata.ints(prefix + "token_type") {
      try Self.check(kinds.count, prefix + "token_type", texts.count, path)
      self.kinds = kinds.map { Int32(exactly: $0).flatMap(TokenKind.init) ?? .normal }
    }
    func id(_ key: String) throws -> TokenID? {
      guard let value = try metadata.int(prefix + key), value >= 0, value < texts.count else {
        return nil
      }
      return TokenID(value)
    }
    beginID = try id("bos_token_id")
    endID = try id("eos_token_id")
    endOfTurnID = try id("eot_token_id")
    endOfMessageID = try id("eom_token_id")
    unknownID = try id("unknown_token_id")
    separatorID = try id("seperator_token_id") ?? id("separator_token_id")
    paddingID = try id("padding_token_id")
    maskID = try id("mask_token_id")
    fillPaddingID = try id("fim_pad_token_id")
    fillRepositoryID = try id("fim_rep_token_id")
    fillSeparatorID = try id("fim_sep_token_id")
    addBegin = try metadata.bool(prefix + "add_bos_token")
    addEnd = try metadata.bool(prefix + "add_eos_token")
    addSeparator = try metadata.bool(prefix + "add_sep_token")
    addSpacePrefix = try metadata.bool(prefix + "add_space_prefix")
    removeExtraWhitespaces = try metadata.bool(prefix + "remove_extra_whitespaces")
    if let map = try metadata.ints(prefix + "precompiled_charsmap") {
      precompiledCharacterMap = map.map { UInt8(truncatingIfNeeded: $0) }
    }
  }

  private static func check(
    _ found: Int, _ key: String, _ expected: Int, _ path: String
  ) throws(ModelError) {
    guard found >= expected else {
      throw ModelError(
        .badMetadata, "\(path): \(key) has \(found) entries for \(expected) tokens")
    }
  }
}

extension StringTable {
  /// Copies the strings out of a mapped file.
  init(_ strings: GGUFStringArray) {
    self.init()
    reserve(strings: strings.count, bytes: strings.byteCount)
    strings.forEachBytes { append($0) }
  }
}
