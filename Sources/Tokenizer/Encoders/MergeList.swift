// A vocabulary's list of merges, `left right` a line, made into a table of symbol pairs.

/// Reads lists of merges.
enum MergeList {
  /// The rule that `merges` spell, and the symbols it speaks of: the tokens, then spellings that
  /// occur in merges only. A merge that cannot be read (no space, a character outside the byte
  /// alphabet) is one that never applies.
  static func build(
    tokens: TokenLookup, merges: StringTable, isByteLevel: Bool
  ) -> (symbols: TokenLookup, rule: PairMerges) {
    var symbols = tokens
    var rule = PairMerges(capacity: merges.count)
    let bytes = merges.bytes
    // Both sides one after the other; string 0 is the left one, string 1 the right one.
    for index in 0..<merges.count {
      let range = merges.range(of: index)
      // A space at the very beginning is part of the left side.
      guard range.count >= 3,
        let space = bytes[(range.lowerBound + 1)..<range.upperBound].firstIndex(of: 0x20),
        space + 1 < range.upperBound
      else { continue }
      var sides = StringTable()
      guard append(bytes, range.lowerBound..<space, to: &sides, isByteLevel),
        append(bytes, space + 1..<range.upperBound, to: &sides, isByteLevel)
      else { continue }
      let middle = sides.range(of: 0).upperBound
      let left = number(sides.bytes, 0, middle, &symbols)
      let right = number(sides.bytes, middle, sides.bytes.count, &symbols)
      let whole = number(sides.bytes, 0, sides.bytes.count, &symbols)
      rule.enter(left, right, priority: index, symbol: whole)
    }
    return (symbols, rule)
  }

  private static func append(
    _ bytes: [UInt8], _ range: Range<Int>, to table: inout StringTable, _ isByteLevel: Bool
  ) -> Bool {
    if isByteLevel {
      guard ByteAlphabet.decode(bytes, range, into: &table) else { return false }
      table.endString()
    } else {
      table.append(bytes[range])
    }
    return true
  }

  private static func number(
    _ bytes: [UInt8], _ start: Int, _ end: Int, _ symbols: inout TokenLookup
  ) -> Int32 {
    let known = symbols.find(bytes.span, from: start, to: end)
    return known >= 0 ? known : symbols.add(bytes[start..<end])
  }
}
