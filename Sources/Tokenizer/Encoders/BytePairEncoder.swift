// Byte-level byte-pair encoding (GPT-2 and everything after it): text is split into pieces, and the
// bytes of each piece are merged.

/// Encodes by a pre-tokenizer and merges over bytes.
struct BytePairEncoder: FragmentEncoder {
  private let preTokenizer: PreTokenizer
  private let words: WordEncoder<PairMerges>

  /// An encoder for the tokens of `index`, which are spelled in the byte alphabet.
  init(_ index: TokenIndex, merges: consuming StringTable, rule: PreTokenizerRule) {
    let tokenCount = index.texts.count
    let built = MergeList(merges, index: index, isByteLevel: true)
    preTokenizer = PreTokenizer(rule)
    let byteSymbols = (0...255).map { built.symbols.find(CollectionOfOne(UInt8($0))) }
    words = WordEncoder(
      rule: built.rule, symbols: built.symbols, tokenCount: tokenCount, unit: .bytes(byteSymbols),
      byteTokens: byteSymbols.map { Int($0) < tokenCount ? $0 : -1 },
      keepsWholeTokens: rule.keepsWholeTokens)
  }

  func encode(
    _ bytes: [UInt8], from start: Int, to end: Int, followsSpecial: Bool,
    _ scratch: inout EncodingScratch, into result: inout [TokenID]
  ) {
    var borders: [Int] = []
    var spare: [Int] = []
    swap(&borders, &scratch.borders)
    swap(&spare, &scratch.spareBorders)
    var position = start
    while position < end {
      preTokenizer.split(bytes, from: position, to: end, &borders, &spare)
      for border in borders {
        words.encode(bytes, from: position, to: border, &scratch, into: &result)
        position = border
      }
    }
    swap(&borders, &scratch.borders)
    swap(&spare, &scratch.spareBorders)
  }
}
