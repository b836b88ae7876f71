// Words met before and the ids they became: most words of a text are among a few thousand.

/// A bounded table of short words; a new word takes the place of an older one.
struct WordCache {
  /// Longer words are not kept.
  static let longestWord = 31
  /// Words of more tokens are not kept.
  static let mostTokens = 7

  private struct Entry {
    /// The word's bytes and, in the last byte, their count; zero is an empty entry.
    var word = SIMD4<UInt64>()
    /// Its tokens and, last, their count.
    var tokens = SIMD8<Int32>()
  }

  /// A power of two: 4 MB in all.
  private static let entryCount = 65536
  private var entries: [Entry] = []

  @inline(__always)
  private static func place(of word: SIMD4<UInt64>) -> Int {
    let first = (word[0] ^ word[3]).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    let second = (word[1] ^ word[2] << 1).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    let hash = first.high ^ first.low ^ second.high ^ second.low
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & (entryCount - 1)
  }

  /// Adds the tokens of `word` to `result`, if it is known.
  @inline(__always)
  func append(_ word: SIMD4<UInt64>, to result: inout [TokenID]) -> Bool {
    if entries.isEmpty { return false }
    let place = Self.place(of: word)
    if entries[place].word != word { return false }
    let tokens = entries[place].tokens
    for index in 0..<Int(tokens[7]) { result.append(tokens[index]) }
    return true
  }

  /// Keeps the tokens of `word`: those of `result` from `start` on.
  mutating func keep(_ word: SIMD4<UInt64>, _ result: [TokenID], from start: Int) {
    let count = result.count - start
    if count > Self.mostTokens { return }
    if entries.isEmpty { entries = [Entry](repeating: Entry(), count: Self.entryCount) }
    var tokens = SIMD8<Int32>()
    for index in 0..<count { tokens[index] = result[start + index] }
    tokens[7] = Int32(count)
    entries[Self.place(of: word)] = Entry(word: word, tokens: tokens)
  }
}
