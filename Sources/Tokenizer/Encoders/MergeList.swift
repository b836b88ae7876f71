// A vocabulary's list of merges, `left right` a line, made into a table of symbol pairs.
//
// Lists are long (half a million lines for 262,144 tokens), and each line names three tokens that
// no cache of the processor holds. What a line becomes is found without a search: as converters
// write files, it is what the line before became or the token after that. The two sides are a
// beginning and the end of that token's bytes, and are looked up in step with those of other lines.

import Synchronization

/// Reads a list of merges.
struct MergeList {
  /// The tokens, then spellings that occur in merges only.
  private(set) var symbols: TokenLookup
  private(set) var rule: PairMerges

  private let merges: StringTable
  private let isByteLevel: Bool

  /// Merges are looked up in this many parts, on several threads.
  private static let partCount = 8

  /// The rule that `merges` spell over the tokens of `index`. A merge that cannot be read (no
  /// space, a character outside the byte alphabet) is one that never applies.
  init(_ merges: StringTable, index: TokenIndex, isByteLevel: Bool) {
    self.merges = merges
    self.isByteLevel = isByteLevel
    symbols = index.symbols
    let tokens = index.symbols
    let entered = Mutex(PairMerges(capacity: merges.count))
    let parts = concurrentMap(Self.partCount) { part in
      let first = merges.count * part / Self.partCount
      var search = MergeSearch(index, merges, isByteLevel: isByteLevel, from: first)
      search.run(tokens, to: merges.count * (part + 1) / Self.partCount)
      // While one thread enters what it found, others search.
      entered.withLock { $0.enter(search.found) }
      return search.incomplete
    }
    rule = entered.withLock { $0 }
    for var part in parts {
      for index in part.indices { complete(&part[index]) }
      rule.enter(part)
    }
  }

  /// Gives symbols to the spellings of a merge that are no tokens.
  private mutating func complete(_ merge: inout PairMerges.Merge) {
    var text: [UInt8] = []
    let range = merges.range(of: Int(merge.priority))
    guard let middle = Self.append(merges.bytes, range, isByteLevel, to: &text) else { return }
    merge.left = number(text[..<middle])
    merge.right = number(text[middle...])
    merge.whole = number(text[...])
  }

  private mutating func number(_ spelling: ArraySlice<UInt8>) -> Int32 {
    let known = symbols.find(spelling)
    return known >= 0 ? known : symbols.add(spelling)
  }

  /// Where the sides of a merge meet: at its first space, but one at the very beginning is part of
  /// the left side. The end, if there is none.
  @inline(__always)
  static func space(_ bytes: borrowing Span<UInt8>, from start: Int, to end: Int) -> Int {
    var space = min(end, start + 1)
    while space < end, bytes[space] != 0x20 { space += 1 }
    return space
  }

  /// Adds the bytes of both sides of the merge at `range` to `text`, one after the other; where the
  /// second begins, or nil, and nothing added, if the merge cannot be read.
  static func append(
    _ bytes: [UInt8], _ range: Range<Int>, _ isByteLevel: Bool, to text: inout [UInt8]
  ) -> Int? {
    let space = space(bytes.span, from: range.lowerBound, to: range.upperBound)
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
}
