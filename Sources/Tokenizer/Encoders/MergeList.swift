// A vocabulary's list of merges, `left right` a line, made into a table of symbol pairs.

/// Reads a list of merges.
struct MergeList {
  /// The tokens, then spellings that occur in merges only.
  private(set) var symbols: TokenLookup
  private(set) var rule: PairMerges

  /// Merges are looked up in this many parts, on several threads.
  private static let partCount = 8

  /// The rule that `merges` spell. A merge that cannot be read (no space, a character outside the
  /// byte alphabet) is one that never applies.
  init(tokens: TokenLookup, merges: StringTable, isByteLevel: Bool) {
    symbols = tokens
    rule = PairMerges(capacity: merges.count)
    let parts = concurrentMap(Self.partCount) { part in
      Self.find(
        merges, merges.count * part / Self.partCount..<merges.count * (part + 1) / Self.partCount,
        tokens, isByteLevel)
    }
    for var part in parts {
      for index in part.indices
      where part[index].left < 0 || part[index].right < 0 || part[index].whole < 0 {
        complete(&part[index], merges, isByteLevel)
      }
      rule.enter(part)
    }
  }

  /// The merges of numbers `indices` in symbols; -1 for a spelling that is no token.
  private static func find(
    _ merges: StringTable, _ indices: Range<Int>, _ tokens: TokenLookup, _ isByteLevel: Bool
  ) -> [PairMerges.Merge] {
    var result: [PairMerges.Merge] = []
    result.reserveCapacity(indices.count)
    var text: [UInt8] = []
    var parts: [Range<Int>] = []
    var numbers: [Int32] = []
    let step = TokenLookup.blockCount / 3
    for first in stride(from: indices.lowerBound, to: indices.upperBound, by: step) {
      text.removeAll(keepingCapacity: true)
      parts.removeAll(keepingCapacity: true)
      let start = result.count
      for index in first..<min(first + step, indices.upperBound) {
        let left = text.count
        guard let right = append(merges, index, isByteLevel, to: &text) else { continue }
        parts.append(left..<right)
        parts.append(right..<text.count)
        parts.append(left..<text.count)
        result.append(
          PairMerges.Merge(
            left: 0, right: 0, whole: 0, priority: UInt32(truncatingIfNeeded: index)))
      }
      tokens.find(parts, of: text, into: &numbers)
      for index in start..<result.count {
        let part = (index - start) * 3
        result[index].left = numbers[part]
        result[index].right = numbers[part + 1]
        result[index].whole = numbers[part + 2]
      }
    }
    return result
  }

  /// Adds both sides of a merge to `text`, one after the other; where the second begins, or nil,
  /// and nothing added, if the merge cannot be read.
  private static func append(
    _ merges: StringTable, _ index: Int, _ isByteLevel: Bool, to text: inout [UInt8]
  ) -> Int? {
    let range = merges.range(of: index)
    let bytes = merges.bytes
    // A space at the very beginning is part of the left side.
    var space = range.lowerBound + 1
    while space < range.upperBound, bytes[space] != 0x20 { space += 1 }
    if space + 1 >= range.upperBound { return nil }
    let count = text.count
    guard isByteLevel else {
      text.append(contentsOf: bytes[range.lowerBound..<space])
      text.append(contentsOf: bytes[(space + 1)..<range.upperBound])
      return count + space - range.lowerBound
    }
    guard ByteAlphabet.decode(bytes, range.lowerBound..<space, into: &text) else { return nil }
    let middle = text.count
    guard ByteAlphabet.decode(bytes, space + 1..<range.upperBound, into: &text) else {
      text.removeLast(middle - count)
      return nil
    }
    return middle
  }

  /// Gives symbols to the spellings of a merge that are no tokens.
  private mutating func complete(
    _ merge: inout PairMerges.Merge, _ merges: StringTable, _ isByteLevel: Bool
  ) {
    var text: [UInt8] = []
    guard let right = Self.append(merges, Int(merge.priority), isByteLevel, to: &text) else {
      return
    }
    merge.left = number(text[..<right])
    merge.right = number(text[right...])
    merge.whole = number(text[...])
  }

  private mutating func number(_ spelling: ArraySlice<UInt8>) -> Int32 {
    let known = symbols.find(spelling)
    return known >= 0 ? known : symbols.add(spelling)
  }
}
