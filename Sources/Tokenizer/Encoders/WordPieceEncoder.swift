// WordPiece (BERT): text is cleaned, split at white space, punctuation and Han characters, and
// each word is spelled by the longest tokens from its beginning. The reference is Hugging Face's
// tokenizers (BertNormalizer, BertPreTokenizer, WordPiece), which knows the categories of Unicode 8.0:
// newer punctuation and marks are letters to it. Files of this kind spell a token at the
// beginning of a word with U+2581 before it and one inside a word as it is.

/// Encodes by longest match from the left.
struct WordPieceEncoder: FragmentEncoder {
  private let beginnings: ByteTrie
  private let continuations: ByteTrie
  private let unknown: TokenID
  private let lowercases: Bool
  private let stripsAccents: Bool

  /// Words of more characters are unknown.
  private static let longestWord = 100

  /// An encoder over the spellings of `tokens`.
  init(tokens: TokenLookup, unknown: TokenID, lowercases: Bool, stripsAccents: Bool) {
    var beginnings = ByteTrie()
    var continuations = ByteTrie()
    let wordStart: [UInt8] = [0xE2, 0x96, 0x81]
    for id in 0..<tokens.strings.count {
      let text = tokens.strings[id]
      if text.starts(with: wordStart) {
        if text.count > 3 { beginnings.insert(text.dropFirst(3), number: TokenID(id)) }
      } else if !text.isEmpty {
        continuations.insert(text, number: TokenID(id))
      }
    }
    self.beginnings = beginnings
    self.continuations = continuations
    self.unknown = unknown
    self.lowercases = lowercases
    self.stripsAccents = stripsAccents
  }

  func encode(
    _ bytes: [UInt8], from start: Int, to end: Int, followsSpecial: Bool,
    _ scratch: inout EncodingScratch, into result: inout [TokenID]
  ) {
    let unicode = UnicodeProperties.shared
    var word: [UInt8] = []
    var length = 0
    func finish() {
      if length > 0 { encodeWord(word, length, into: &result) }
      word.removeAll(keepingCapacity: true)
      length = 0
    }
    var position = start
    var parts: [UInt32] = []
    while position < end {
      let character = bytes.character(at: position, before: end)
      position += character.length
      parts.removeAll(keepingCapacity: true)
      normalize(character.codePoint, unicode, into: &parts)
      for part in parts {
        if unicode.isWhiteSpace(part) {
          finish()
        } else if Self.standsAlone(part, unicode) {
          finish()
          word.appendUTF8(part)
          length = 1
          finish()
        } else {
          word.appendUTF8(part)
          length += 1
        }
      }
    }
    finish()
  }

  /// Adds what `codePoint` becomes: nothing for controls, one space for white space, else its
  /// lowercase letters without accents, as far as they are asked for.
  private func normalize(
    _ codePoint: UInt32, _ unicode: UnicodeProperties, into parts: inout [UInt32]
  ) {
    if codePoint == 0x09 || codePoint == 0x0A || codePoint == 0x0D
      || unicode.isWhiteSpace(codePoint)
    {
      if codePoint != 0x85, !(0x0B...0x0C).contains(codePoint) { parts.append(0x20) }
      return
    }
    if codePoint == 0 || codePoint == 0xFFFD { return }
    let category = unicode.olderCategory(of: codePoint)
    if category.isOther, category != .Cn { return }
    if stripsAccents {
      unicode.decompose(codePoint, into: &parts)
      parts.removeAll { unicode.olderCategory(of: $0) == .Mn }
    } else {
      parts.append(codePoint)
    }
    guard lowercases else { return }
    if parts == [0x130] {
      parts = [0x69, 0x307]
    } else {
      for index in parts.indices { parts[index] = unicode.lowercase(of: parts[index]) }
    }
  }

  private static func standsAlone(_ codePoint: UInt32, _ unicode: UnicodeProperties) -> Bool {
    if codePoint < 0x80 {
      return (0x21...0x2F).contains(codePoint) || (0x3A...0x40).contains(codePoint)
        || (0x5B...0x60).contains(codePoint) || (0x7B...0x7E).contains(codePoint)
    }
    return isHan(codePoint) || unicode.olderCategory(of: codePoint).isPunctuation
  }

  /// The blocks that the reference takes for Chinese; its gap from U+2B820 to U+2B91F is kept.
  private static func isHan(_ codePoint: UInt32) -> Bool {
    switch codePoint {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
      0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  private func encodeWord(_ word: [UInt8], _ length: Int, into result: inout [TokenID]) {
    let count = result.count
    if length > Self.longestWord { return result.append(unknown) }
    var position = 0
    while position < word.count {
      let trie = position == 0 ? beginnings : continuations
      guard let (token, length) = trie.longestMatch(in: word, from: position, to: word.count) else {
        result.removeLast(result.count - count)
        return result.append(unknown)
      }
      result.append(token)
      position += length
    }
  }
}
