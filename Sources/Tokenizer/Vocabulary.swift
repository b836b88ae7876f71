// What a tokenizer is made from: the tokenizer.* metadata of a model file, with no file type in it.

/// The number of a token in its vocabulary, from 0.
public typealias TokenID = Int32

/// What a token is for; the raw values are those of `tokenizer.ggml.token_type`.
public enum TokenKind: Int32, Sendable {
  case normal = 1
  case unknown = 2
  case control = 3
  case userDefined = 4
  case unused = 5
  case byte = 6
}

/// A vocabulary and its flags as a model file gives them. Nothing here is checked;
/// `TextTokenizer.init` does that. `nil` means that the file does not say.
public struct Vocabulary: Sendable {
  /// The kind of tokenizer (`tokenizer.ggml.model`): `gpt2`, `llama`, `bert`, `t5` or `gemma4`.
  public var model: String
  /// How text is split before merging (`tokenizer.ggml.pre`); only for `gpt2`.
  public var preTokenizer: String?
  /// The model's own name (`general.name`); a few vocabularies can only be told apart by it.
  public var name: String?

  /// The tokens' spellings by id.
  public var tokens: StringTable
  /// Log probabilities or merge priorities by id; needed by `llama` and `t5`.
  public var scores: [Float] = []
  /// What each token is for, by id. Empty: all are normal.
  public var kinds: [TokenKind] = []
  /// Pairs that may be merged, each `left right`, first come first merged; for `gpt2`, `gemma4`.
  public var merges = StringTable()

  /// Begins a text (`bos_token_id`; for `bert` also `cls_token_id`).
  public var beginID: TokenID?
  /// Ends a text (`eos_token_id`).
  public var endID: TokenID?
  /// Ends a turn of a conversation (`eot_token_id`).
  public var endOfTurnID: TokenID?
  /// Ends a message that expects a tool's answer (`eom_token_id`).
  public var endOfMessageID: TokenID?
  /// Stands for what cannot be spelled (`unknown_token_id`).
  public var unknownID: TokenID?
  /// Separates texts (`seperator_token_id`).
  public var separatorID: TokenID?
  /// Fills a batch (`padding_token_id`).
  public var paddingID: TokenID?
  /// Hides a word (`mask_token_id`).
  public var maskID: TokenID?
  /// Fill-in-the-middle: padding (`fim_pad_token_id`).
  public var fillPaddingID: TokenID?
  /// Fill-in-the-middle: a repository's name (`fim_rep_token_id`).
  public var fillRepositoryID: TokenID?
  /// Fill-in-the-middle: between files (`fim_sep_token_id`).
  public var fillSeparatorID: TokenID?

  /// Whether encoding starts with `beginID` (`add_bos_token`).
  public var addBegin: Bool?
  /// Whether encoding ends with `endID` (`add_eos_token`).
  public var addEnd: Bool?
  /// Whether encoding ends with `separatorID` (`add_sep_token`).
  public var addSeparator: Bool?
  /// Whether a space is put before the text (`add_space_prefix`).
  public var addSpacePrefix: Bool?
  /// Whether runs of white space become one space (`remove_extra_whitespaces`).
  public var removeExtraWhitespaces: Bool?
  /// Whether text is lowercased first; only for `bert` (`normalizer.lowercase`, default true).
  public var lowercases: Bool?
  /// Whether accents are dropped first; only for `bert` (default: as `lowercases`).
  public var stripsAccents: Bool?
  /// SentencePiece's normalisation rules, as `precompiled_charsmap` holds them; only for `t5`.
  public var precompiledCharacterMap: [UInt8] = []

  /// A vocabulary of `tokens` for a tokenizer of kind `model`.
  public init(model: String, tokens: StringTable) {
    self.model = model
    self.tokens = tokens
  }
}
