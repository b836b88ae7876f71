// Finds special tokens in a text. The longest token wins wherever it stands, then the next longest
// in what is left: not the leftmost first.

/// Cuts texts at special tokens.
struct SpecialTokenMatcher: Sendable {
  /// A part of a text.
  enum Fragment {
    case text(Int, Int)
    case token(TokenID)
  }

  /// White space beside a token that belongs to it.
  struct Trimming: Sendable {
    /// Tokens that take white space before them along.
    var before: Set<TokenID> = []
    /// Tokens that take white space after them along.
    var after: Set<TokenID> = []
  }

  private struct Match {
    var token: TokenID
    var position: Int
  }

  private let trie: ByteTrie
  private let spellings: StringTable
  private let trimming: Trimming

  /// A matcher of `tokens`, whose spellings `spellings` has by id.
  init(_ tokens: [TokenID], spellings: StringTable, trimming: Trimming) {
    var trie = ByteTrie()
    for token in tokens where !spellings[Int(token)].isEmpty {
      trie.insert(spellings[Int(token)], number: token)
    }
    self.trie = trie
    self.spellings = spellings
    self.trimming = trimming
  }

  /// The fragments of `bytes`, in order; text fragments are not empty.
  func fragments(of bytes: [UInt8]) -> [Fragment] {
    var waiting: [Int: [Match]] = [:]
    if !trie.isEmpty {
      for position in bytes.indices
      where trie.node(after: ByteTrie.root, bytes[position]) != ByteTrie.none {
        if let (token, length) = trie.longestMatch(in: bytes, from: position, to: bytes.count) {
          waiting[length, default: []].append(Match(token: token, position: position))
        }
      }
    }
    if waiting.isEmpty { return bytes.isEmpty ? [] : [.text(0, bytes.count)] }
    return cut(bytes, &waiting)
  }

  /// Accepts matches, longest first. `waiting` has, by length, the longest match at each place; one
  /// that runs into an accepted match gives way to a shorter one at the same place.
  private func cut(_ bytes: [UInt8], _ waiting: inout [Int: [Match]]) -> [Fragment] {
    var isTaken = [Bool](repeating: false, count: bytes.count)
    var accepted: [(range: Range<Int>, token: TokenID)] = []
    while let length = waiting.keys.max(), var matches = waiting.removeValue(forKey: length) {
      matches.sort { ($0.token, $0.position) < ($1.token, $1.position) }
      for match in matches {
        let end = match.position + length
        var free = match.position
        while free < end, !isTaken[free] { free += 1 }
        if free == end {
          let range = trimmed(match, to: end, bytes, isTaken)
          for index in range { isTaken[index] = true }
          accepted.append((range, match.token))
        } else if let (token, length) = trie.longestMatch(
          in: bytes, from: match.position, to: free)
        {
          waiting[length, default: []].append(Match(token: token, position: match.position))
        }
      }
    }
    var fragments: [Fragment] = []
    var position = 0
    for (range, token) in accepted.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      if position < range.lowerBound { fragments.append(.text(position, range.lowerBound)) }
      fragments.append(.token(token))
      position = range.upperBound
    }
    if position < bytes.count { fragments.append(.text(position, bytes.count)) }
    return fragments
  }

  /// The match and the white space that belongs to it.
  private func trimmed(
    _ match: Match, to end: Int, _ bytes: [UInt8], _ isTaken: [Bool]
  ) -> Range<Int> {
    func isSpace(_ index: Int) -> Bool {
      !isTaken[index] && (bytes[index] == 0x20 || (0x09...0x0D).contains(bytes[index]))
    }
    var (start, end) = (match.position, end)
    if trimming.before.contains(match.token) {
      while start > 0, isSpace(start - 1) { start -= 1 }
    }
    if trimming.after.contains(match.token) {
      while end < bytes.count, isSpace(end) { end += 1 }
    }
    return start..<end
  }
}
