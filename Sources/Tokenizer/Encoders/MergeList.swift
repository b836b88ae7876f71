// A vocabulary's list of merges, `left right` a line, made into a table of symbol pairs.

/// Reads a list of merges.
struct MergeList {
  /// The tokens, then spellings that occur in merges only.
  private(set) var symbols: TokenLookup
  private(set) var rule: PairMerges

  /// A merge in symbols; -1 for a spelling that is no token.
  private struct Merge: Sendable {
    var index: Int
    var left: Int32
    var right: Int32
    var whole: Int32
  }

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
    for part in parts {
      for var merge in part {
        if merge.left < 0 || merge.right < 0 || merge.whole < 0 {
          complete(&merge, merges, isByteLevel)
        }
        rule.enter(merge.left, merge.right, priority: merge.index, symbol: merge.whole)
      }
    }
  }

  private static func find(
    _ merges: StringTable, _ indices: Range<Int>, _ tokens: TokenLookup, _ isByteLevel: Bool
  ) -> [Merge] {
    var result: [Merge] = []
    result.reserveCapacity(indices.count)
    var sides: [UInt8] = []
    var last = TokenLookup.none
    for index in indices {
      guard let middle = read(merges, index, isByteLevel, &sides) else { continue }
      let span = sides.span
      // Neighbouring merges often make the same token, or the next one.
      if !tokens.isFound(last, for: span) {
        let isNext = tokens.isFound(last + 1, for: span)
        last = isNext ? last + 1 : tokens.find(span, from: 0, to: span.count)
      }
      result.append(
        Merge(
          index: index, left: tokens.find(span, from: 0, to: middle),
          right: tokens.find(span, from: middle, to: span.count), whole: last))
    }
    return result
  }

  /// Puts both sides of a merge into `sides`, one after the other; where the second begins, or nil
  /// if the merge cannot be read.
  private static func read(
    _ merges: StringTable, _ index: Int, _ isByteLevel: Bool, _ sides: inout [UInt8]
  ) -> Int? {
    let range = merges.range(of: index)
    let bytes = merges.bytes
    // A space at the very beginning is part of the left side.
    var space = range.lowerBound + 1
    while space < range.upperBound, bytes[space] != 0x20 { space += 1 }
    if space + 1 >= range.upperBound { return nil }
    sides.removeAll(keepingCapacity: true)
    guard isByteLevel else {
      sides.append(contentsOf: bytes[range.lowerBound..<space])
      sides.append(contentsOf: bytes[(space + 1)..<range.upperBound])
      return space - range.lowerBound
    }
    guard ByteAlphabet.decode(bytes, range.lowerBound..<space, into: &sides) else { return nil }
    let middle = sides.count
    guard ByteAlphabet.decode(bytes, space + 1..<range.upperBound, into: &sides) else { return nil }
    return middle
  }

  /// Gives symbols to the spellings of a merge that are no tokens.
  private mutating func complete(
    _ merge: inout Merge, _ merges: StringTable, _ isByteLevel: Bool
  ) {
    var sides: [UInt8] = []
    guard let middle = Self.read(merges, merge.index, isByteLevel, &sides) else { return }
    merge.left = number(sides[..<middle])
    merge.right = number(sides[middle...])
    merge.whole = number(sides[...])
  }

  private mutating func number(_ spelling: ArraySlice<UInt8>) -> Int32 {
    let known = symbols.find(spelling)
    return known >= 0 ? known : symbols.add(spelling)
  }
}
