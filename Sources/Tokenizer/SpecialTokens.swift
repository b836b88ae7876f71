// Which tokens are special: from the file's own numbers, from the kinds of tokens, and, as many
// files leave both out, from spellings that are known. The spellings and the corrections are those
// of llama.cpp, whose files these are.

/// What a token is treated as; a token can be several things.
struct TokenTraits: OptionSet, Sendable {
  let rawValue: UInt8
  static let normal = TokenTraits(rawValue: 1)
  static let unknown = TokenTraits(rawValue: 2)
  static let control = TokenTraits(rawValue: 4)
  static let userDefined = TokenTraits(rawValue: 8)
  static let unused = TokenTraits(rawValue: 16)
  static let byte = TokenTraits(rawValue: 32)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ kind: TokenKind) {
    switch kind {
    case .normal: self = .normal
    case .unknown: self = .unknown
    case .control: self = .control
    case .userDefined: self = .userDefined
    case .unused: self = .unused
    case .byte: self = .byte
    }
  }
}

/// The special tokens of a vocabulary.
struct SpecialTokens: Sendable {
  private(set) var begin: TokenID?
  private(set) var end: TokenID?
  private(set) var endOfTurn: TokenID?
  private(set) var unknown: TokenID?
  private(set) var separator: TokenID?
  private(set) var padding: TokenID?
  private(set) var mask: TokenID?
  /// Tokens after which nothing more is generated.
  private(set) var endOfGeneration: Set<TokenID> = []
  /// By token.
  private(set) var traits: [TokenTraits]
  /// White space that special tokens take along.
  private(set) var trimming = SpecialTokenMatcher.Trimming()

  /// Ids that a kind of tokenizer has where the file gives none.
  struct Defaults {
    var begin: TokenID?
    var end: TokenID?
    var unknown: TokenID?
    var separator: TokenID?
    var padding: TokenID?
    var mask: TokenID?
  }

  /// Reads the special tokens of `vocabulary`; `find` tells the id of a spelling. Ids outside the
  /// vocabulary count as not given.
  init(_ vocabulary: Vocabulary, defaults: Defaults, find: (String) -> TokenID?) {
    let count = vocabulary.tokens.count
    func valid(_ id: TokenID?, or other: TokenID? = nil) -> TokenID? {
      if let id, id >= 0, Int(id) < count { return id }
      if let other, Int(other) < count { return other }
      return nil
    }
    begin = valid(vocabulary.beginID, or: defaults.begin)
    end = valid(vocabulary.endID, or: defaults.end)
    unknown = valid(vocabulary.unknownID, or: defaults.unknown)
    separator = valid(vocabulary.separatorID, or: defaults.separator)
    padding = valid(vocabulary.paddingID, or: defaults.padding)
    mask = valid(vocabulary.maskID, or: defaults.mask)
    traits = vocabulary.kinds.prefix(count).map { TokenTraits($0) }
    if traits.isEmpty { traits = Array(repeating: .normal, count: count) }

    endOfTurn = valid(vocabulary.endOfTurnID) ?? Self.endsOfTurn.lazy.compactMap(find).first
    let endOfMessage = valid(vocabulary.endOfMessageID) ?? find("<|eom_id|>")
    var filling: [TokenID] = []
    for (given, spellings) in [
      (vocabulary.fillPaddingID, Self.fillPaddings),
      (vocabulary.fillRepositoryID, Self.fillRepositories),
      (vocabulary.fillSeparatorID, ["<|file_sep|>"]),
    ] {
      if let id = valid(given) {
        filling.append(id)
      } else if let id = spellings.lazy.compactMap(find).first {
        filling.append(id)
        traits[Int(id)].insert(.control)
      }
    }
    for spellings in Self.fillParts {
      if let id = spellings.lazy.compactMap(find).first { traits[Int(id)].insert(.control) }
    }
    let known = (Self.endsOfTurn + Self.otherEnds).compactMap(find)
    for id in known { traits[Int(id)].insert(.control) }
    for id in Self.shownMarks.compactMap(find) { traits[Int(id)] = .userDefined }
    let own = [end, endOfTurn, endOfMessage].compactMap { $0 }
    endOfGeneration = Set(known + filling + own)
    correct(find)
    trim(vocabulary, find)
  }

  /// Takes back what spellings suggest where other tokens show that it is wrong.
  private mutating func correct(_ find: (String) -> TokenID?) {
    func ends(_ spelling: String) -> Bool {
      find(spelling).map { endOfGeneration.contains($0) } ?? false
    }
    let hasCall = ends("<|call|>") || ends("<|calls|>")
    if hasCall, ends("<|return|>") || ends("<|flush|>"), ends("<|end|>"), let id = find("<|end|>") {
      endOfGeneration.remove(id)
      traits[Int(id)] = .userDefined
    }
    if ends("<|tool_response>") || ends("<|plamo:eos|>"), ends("</s>"), let id = find("</s>") {
      endOfGeneration.remove(id)
      traits[Int(id)] = .normal
    }
  }

  /// Some vocabularies were trained with white space beside special tokens removed, which no field
  /// of the file says.
  private mutating func trim(_ vocabulary: Vocabulary, _ find: (String) -> TokenID?) {
    let name = vocabulary.name?.lowercased() ?? ""
    let rule = vocabulary.preTokenizer ?? ""
    if ["jina-v2-de", "jina-v2-es", "jina-v2-code"].contains(where: rule.contains) {
      if let id = find("<mask>") { trimming.before.insert(id) }
    } else if name.contains("phi-3") || name.contains("phi3") {
      trimming.after = Set(special)
      if let id = find("</s>") { trimming.after.insert(id) }
      for id in ["<unk>", "<s>", "<|endoftext|>"].compactMap(find) { trimming.after.remove(id) }
    } else if name.contains("modern-bert"), let id = find("[MASK]") {
      trimming.before.insert(id)
    }
  }

  /// Tokens found in a text whose special tokens are parsed.
  var special: [TokenID] { tokens(with: [.control, .userDefined, .unknown]) }

  /// Tokens found in any text.
  var userDefined: [TokenID] {
    tokens(with: .userDefined).filter {
      traits[Int($0)].isDisjoint(with: [.control, .unknown])
    }
  }

  private func tokens(with any: TokenTraits) -> [TokenID] {
    traits.indices.filter { !traits[$0].isDisjoint(with: any) }.map { TokenID($0) }
  }
}

extension SpecialTokens {
  private static let endsOfTurn = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
    "<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>",
  ]
  private static let otherEnds = [
    "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "</s>", "<|eom_id|>", "[EOS]", "<eos>",
    "<turn|>", "<|tool_response>", "[e~[",
  ]
  private static let fillPaddings = ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"]
  private static let fillRepositories = [
    "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>",
  ]
  /// Prefix, suffix and middle of fill-in-the-middle: special, but no end.
  private static let fillParts = [
    [
      "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>",
      "<|code_prefix|>", "<|prefix|>",
    ],
    [
      "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>",
      "<|code_suffix|>", "<|suffix|>",
    ],
    [
      "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>",
      "<|code_middle|>", "<|middle|>",
    ],
  ]
  /// Marks of a conversation format that stay visible.
  private static let shownMarks = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"]
}
