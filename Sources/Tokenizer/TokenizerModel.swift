// The kinds of tokenizers: what each needs, takes for granted and is made of.

/// The values of `tokenizer.ggml.model`.
enum TokenizerModel: String, CaseIterable {
  case gpt2, llama, bert, t5, gemma4

  /// The kind of `vocabulary`, once what that kind needs is found to be there.
  init(checking vocabulary: borrowing Vocabulary) throws(TokenizerError) {
    guard let model = TokenizerModel(rawValue: vocabulary.model) else {
      throw .unknownModel(vocabulary.model)
    }
    let count = vocabulary.tokens.count
    if count == 0 { throw .emptyVocabulary }
    if count > Int32.max / 4 { throw .tooManyTokens(count) }
    if !vocabulary.kinds.isEmpty, vocabulary.kinds.count < count {
      throw .tooFewEntries(
        list: "token types", expected: count, found: vocabulary.kinds.count)
    }
    switch model {
    // Some files of SentencePiece's kind name no scores, and then all are equal.
    case .llama where vocabulary.scores.isEmpty: break
    case .llama, .t5:
      if vocabulary.scores.count < count {
        throw .tooFewEntries(list: "scores", expected: count, found: vocabulary.scores.count)
      }
    case .gpt2, .gemma4:
      if vocabulary.merges.count == 0 { throw .missing("a list of merges", model: model.rawValue) }
    case .bert: break
    }
    self = model
  }

  /// How text is split; the default rule for kinds that do not split.
  func rule(for vocabulary: borrowing Vocabulary) throws(TokenizerError) -> PreTokenizerRule {
    var name = vocabulary.preTokenizer ?? ""
    if self == .gemma4 { name = "gemma4" }
    if name.isEmpty || self != .gpt2 && self != .gemma4 { name = "default" }
    guard let rule = PreTokenizerRule.named(name) else { throw .unknownPreTokenizer(name) }
    return rule
  }

  /// Special ids where the file gives none.
  var defaults: SpecialTokens.Defaults {
    switch self {
    case .gpt2, .gemma4: .init()
    case .llama: .init(begin: 1, end: 2, unknown: 0)
    case .bert: .init(begin: 101, unknown: 100, separator: 102, padding: 0, mask: 103)
    case .t5: .init(end: 1, unknown: 2, padding: 0)
    }
  }

  /// Tokens put before and after a text.
  func surroundings(
    _ vocabulary: borrowing Vocabulary, _ rule: PreTokenizerRule, _ special: SpecialTokens
  ) -> (before: [TokenID], after: [TokenID]) {
    if self == .bert {
      return (special.begin.map { [$0] } ?? [], special.separator.map { [$0] } ?? [])
    }
    // Files of this rule were converted with the flag off by mistake, so it is not asked.
    let begins =
      rule.names.contains("gemma4")
      || vocabulary.addBegin ?? (self == .llama || self == .gpt2 && rule.addsBegin)
    let ends = vocabulary.addEnd ?? (self == .t5)
    return (
      begins ? special.begin.map { [$0] } ?? [] : [], ends ? special.end.map { [$0] } ?? [] : []
    )
  }

  /// The encoder of text between special tokens.
  func encoder(
    _ vocabulary: consuming Vocabulary, _ rule: PreTokenizerRule, _ index: TokenIndex,
    _ special: SpecialTokens
  ) throws(TokenizerError) -> any FragmentEncoder {
    switch self {
    case .gpt2 where !rule.escapesSpaces:
      return BytePairEncoder(index, merges: vocabulary.merges, rule: rule)
    case .gpt2, .gemma4:
      let built = MergeList(vocabulary.merges, index: index, isByteLevel: false)
      return SentencePieceEncoder(
        rule: built.rule, symbols: built.symbols, tokenCount: vocabulary.tokens.count,
        byteTokens: ByteTokens.find(in: index.symbols, orCharacter: false, other: -1),
        addsSpacePrefix: false, splitsLines: true)
    case .llama:
      return SentencePieceEncoder(
        rule: ScoredMerges(
          tokens: index.symbols,
          scores: vocabulary.scores.isEmpty
            ? Array(repeating: 0, count: vocabulary.tokens.count) : vocabulary.scores),
        symbols: index.symbols, tokenCount: vocabulary.tokens.count,
        byteTokens: ByteTokens.find(
          in: index.symbols, orCharacter: true, other: special.unknown ?? -1),
        addsSpacePrefix: vocabulary.addSpacePrefix ?? true, splitsLines: false)
    case .bert:
      return WordPieceEncoder(
        tokens: index.symbols, unknown: special.unknown ?? 0,
        lowercases: vocabulary.lowercases ?? true,
        stripsAccents: vocabulary.stripsAccents ?? vocabulary.lowercases ?? true)
    case .t5:
      return try UnigramEncoder(vocabulary, traits: special.traits, unknown: special.unknown)
    }
  }
}
