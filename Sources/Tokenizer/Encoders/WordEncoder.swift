// One word, from bytes to ids, by a merge rule and a cache of words.

/// Storage that encoding needs, kept between texts. One is used by one thread at a time.
struct EncodingScratch {
  var merging = SymbolMerging()
  var words = WordCache()
  /// A text as the vocabulary spells it.
  var text: [UInt8] = []
  /// Where pieces end.
  var borders: [Int] = []
  var spareBorders: [Int] = []
}

/// Encodes a word that is merged on its own.
struct WordEncoder<Rule: MergeRule>: Sendable {
  /// What a word consists of before anything is merged.
  enum Unit: Sendable {
    /// Single bytes; the symbol of each, -1 if none spells it.
    case bytes([Int32])
    /// Characters of UTF-8.
    case characters
  }

  let rule: Rule
  let symbols: TokenLookup
  /// Symbols from here on are no tokens.
  let tokenCount: Int
  let unit: Unit
  /// The token of each byte of what no token spells; -1: the byte is dropped.
  let byteTokens: [TokenID]
  /// Whether a word that is a token is taken as it is.
  let keepsWholeTokens: Bool

  /// Adds the ids of `bytes[start..<end]`, which must not be empty, to `result`.
  @inline(__always)
  func encode(
    _ bytes: [UInt8], from start: Int, to end: Int, _ scratch: inout EncodingScratch,
    into result: inout [TokenID]
  ) {
    if end - start > WordCache.longestWord {
      return merge(bytes, from: start, to: end, &scratch.merging, into: &result)
    }
    let word = bytes.span.wordKey(from: start, to: end)
    if scratch.words.append(word, to: &result) { return }
    let count = result.count
    merge(bytes, from: start, to: end, &scratch.merging, into: &result)
    scratch.words.keep(word, result, from: count)
  }

  @inline(never)
  private func merge(
    _ bytes: [UInt8], from start: Int, to end: Int, _ merging: inout SymbolMerging,
    into result: inout [TokenID]
  ) {
    let span = bytes.span
    if keepsWholeTokens {
      let token = symbols.find(span, from: start, to: end)
      if token >= 0, Int(token) < tokenCount { return result.append(token) }
    }
    merging.begin(most: end - start)
    switch unit {
    case .bytes(let byteSymbols):
      for index in start..<end { merging.append(byteSymbols[Int(bytes[index])], start: index) }
    case .characters:
      var index = start
      while index < end {
        let next = min(end, index + CharacterBorders.length(leading: bytes[index]))
        merging.append(symbols.find(span, from: index, to: next), start: index)
        index = next
      }
    }
    merging.merge(bytes, to: end, rule)
    for index in 0..<merging.count {
      let symbol = merging.symbols[index]
      if symbol >= 0, Int(symbol) < tokenCount {
        result.append(symbol)
      } else {
        for position in merging.starts[index]..<merging.starts[index + 1] {
          let token = byteTokens[Int(bytes[position])]
          if token >= 0 { result.append(token) }
        }
      }
    }
  }
}
