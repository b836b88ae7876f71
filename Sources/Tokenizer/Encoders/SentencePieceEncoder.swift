// SentencePiece's byte-pair encoding and its relatives: spaces are written as U+2581 and the whole
// text is merged, with tokens like <0x0A> for bytes that no token spells.

/// Encodes without a pre-tokenizer, by scores or by merges.
struct SentencePieceEncoder<Rule: MergeRule>: FragmentEncoder {
  private let words: WordEncoder<Rule>
  private let borders: CharacterBorders
  /// Whether a text that follows a special token, or nothing, gets a space before it.
  private let addsSpacePrefix: Bool
  /// Whether lines are merged each on its own, and runs of line ends that are a token kept whole.
  private let splitsLines: Bool

  /// An encoder of the symbols of `rule`, of which the first `tokenCount` are tokens.
  init(
    rule: Rule, symbols: TokenLookup, tokenCount: Int, byteTokens: [TokenID],
    addsSpacePrefix: Bool, splitsLines: Bool
  ) {
    words = WordEncoder(
      rule: rule, symbols: symbols, tokenCount: tokenCount, unit: .characters,
      byteTokens: byteTokens, keepsWholeTokens: false)
    borders = CharacterBorders(symbols: symbols.strings)
    self.addsSpacePrefix = addsSpacePrefix
    self.splitsLines = splitsLines
  }

  func encode(
    _ bytes: [UInt8], from start: Int, to end: Int, followsSpecial: Bool,
    _ scratch: inout EncodingScratch, into result: inout [TokenID]
  ) {
    var text: [UInt8] = []
    swap(&text, &scratch.text)
    text.removeAll(keepingCapacity: text.count < 1 << 20)
    if addsSpacePrefix && followsSpecial { text.append(contentsOf: Self.space) }
    for byte in bytes[start..<end] {
      if byte == 0x20 { text.append(contentsOf: Self.space) } else { text.append(byte) }
    }
    if splitsLines {
      encodeLines(text, &scratch, into: &result)
    } else {
      encodePart(text, 0, text.count, &scratch, into: &result)
    }
    swap(&text, &scratch.text)
  }

  private static var space: [UInt8] { [0xE2, 0x96, 0x81] }

  private func encodePart(
    _ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch,
    into result: inout [TokenID]
  ) {
    borders.split(text, from: start, to: end) { start, end in
      words.encode(text, from: start, to: end, &scratch, into: &result)
    }
  }

  private func encodeLines(
    _ text: [UInt8], _ scratch: inout EncodingScratch, into result: inout [TokenID]
  ) {
    var start = 0
    while start < text.count {
      let isNewline = text[start] == 0x0A
      var end = start + 1
      while end < text.count, (text[end] == 0x0A) == isNewline { end += 1 }
      let token =
        isNewline ? words.symbols.find(text.span, from: start, to: end) : TokenLookup.none
      if token >= 0, Int(token) < words.tokenCount {
        result.append(token)
      } else {
        encodePart(text, start, end, &scratch, into: &result)
      }
      start = end
    }
  }
}

/// The tokens that stand for single bytes.
enum ByteTokens {
  /// By byte: the token spelled <0xHH>; else, with `orCharacter`, the token that is that byte; else
  /// `other`.
  static func find(in tokens: TokenLookup, orCharacter: Bool, other: TokenID) -> [TokenID] {
    (0...255).map { byte in
      var token = tokens.find(spelling(UInt8(byte)).utf8)
      if token < 0, orCharacter { token = tokens.find(CollectionOfOne(UInt8(byte))) }
      return token < 0 ? other : token
    }
  }

  private static func spelling(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x" + (digits.count == 1 ? "0" : "") + digits + ">"
  }

  /// The byte that a token's spelling stands for, or nil if it has no such form.
  static func byte(of spelling: ArraySlice<UInt8>) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: Array("<0x".utf8)), spelling.last == 0x3E
    else { return nil }
    let digits = spelling.dropFirst(3).prefix(2)
    guard digits.allSatisfy({ $0 < 0x80 && $0 != 0x2B && $0 != 0x2D }) else { return nil }
    return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
