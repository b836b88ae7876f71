// A tokenizer from a model file's metadata.

public import TensorCore
public import Tokenizer

extension TextTokenizer {
  /// The tokenizer of a GGUF file, which may hold a vocabulary alone.
  ///
  /// - Parameters:
  ///   - file: holds the vocabulary in its metadata.
  ///   - preTokenizer: how text is split, by a name of `preTokenizerNames`, in place of what the
  ///     file says.
  /// - Throws: `GGUFError` or `ModelError`.
  public convenience init(_ file: GGUFFile, preTokenizer: String? = nil) throws {
    let vocabulary = try Vocabulary(
      file.metadata, path: file.path, preTokenizer: preTokenizer)
    do { try self.init(vocabulary) } catch {
      throw ModelError(.badMetadata, "\(file.path): \(error)")
    }
  }
}

extension Vocabulary {
  /// Bytes of all tokens together, at most: places among them are kept as 32-bit numbers.
  private static let mostTextBytes = Int(Int32.max)

  /// The vocabulary that a GGUF file's `tokenizer.ggml.*` keys describe; `preTokenizer` stands in
  /// place of theirs.
  init(_ metadata: GGUFMetadata, path: String, preTokenizer: String? = nil) throws {
    let prefix = "tokenizer.ggml."
    let model = try metadata.requiredString(prefix + "model")
    guard let texts = try metadata.strings(prefix + "tokens") else {
      throw ModelError(.missingMetadata, "\(path): lacks \(prefix)tokens: it has no vocabulary")
    }
    guard texts.byteCount <= Self.mostTextBytes else {
      throw ModelError(
        .badMetadata,
        "\(path): \(prefix)tokens has \(texts.byteCount) bytes of text; at most "
          + "\(Self.mostTextBytes) can be read")
    }
    try self.init(model: model, tokens: StringTable(texts, prefix + "tokens", path))
    name = try metadata.string("general.name")
    self.preTokenizer = try preTokenizer ?? metadata.string(prefix + "pre")
    if let merges = try metadata.strings(prefix + "merges") {
      self.merges = try StringTable(merges, prefix + "merges", path)
    }
    if let scores = try metadata.floats(prefix + "scores") {
      try Self.check(scores.count, prefix + "scores", texts.count, path)
      self.scores = scores
    }
    if let kinds = try metadata.ints(prefix + "token_type") {
      try Self.check(kinds.count, prefix + "token_type", texts.count, path)
      self.kinds = try Self.kinds(kinds, prefix + "token_type", path)
    }
    func id(_ key: String) throws -> TokenID? {
      guard let value = try metadata.int(prefix + key), value >= 0, value < texts.count else {
        return nil
      }
      return TokenID(value)
    }
    // What begins a text of BERT's is called a class token.
    beginID = try (model == "bert" ? id("cls_token_id") : nil) ?? id("bos_token_id")
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
    lowercases = try metadata.bool(prefix + "normalizer.lowercase")
    stripsAccents = try metadata.bool(prefix + "normalizer.strip_accents")
    if let map = try metadata.ints(prefix + "precompiled_charsmap") {
      precompiledCharacterMap = map.map { UInt8(truncatingIfNeeded: $0) }
    }
  }

  /// Token types as kinds; 0 is one that some converters write where they know of none.
  private static func kinds(
    _ types: [Int], _ key: String, _ path: String
  ) throws(ModelError) -> [TokenKind] {
    var kinds: [TokenKind] = []
    kinds.reserveCapacity(types.count)
    for (index, type) in types.enumerated() {
      guard let kind = type == 0 ? .normal : Int32(exactly: type).flatMap(TokenKind.init) else {
        throw ModelError(
          .badMetadata, "\(path): \(key) says \(type) for token \(index); types are 1 to 6")
      }
      kinds.append(kind)
    }
    return kinds
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
  init(_ strings: GGUFStringArray, _ key: String, _ path: String) throws(ModelError) {
    let copy = strings.withStoredBytes { StringTable(lengthPrefixed: $0, count: strings.count) }
    guard let copy else {
      throw ModelError(
        .badMetadata,
        "\(path): \(key) has \(strings.byteCount) bytes of text; at most \(UInt32.max) can be read")
    }
    self = copy
  }
}
