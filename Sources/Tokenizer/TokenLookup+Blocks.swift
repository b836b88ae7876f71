// Many strings entered or looked up in step. Each leads to places in memory that no cache holds;
// done in stages for a block of strings at a time, the waits for them overlap.

extension TokenLookup {
  /// How many strings go in step.
  static var blockCount: Int { 64 }

  /// Enters every string of the table that is not empty, in order. None may be entered yet, and
  /// there must be room for all.
  mutating func enterAll() {
    let strings = strings
    let bytes = strings.bytes.span
    let ends = strings.ends.span
    var slots: [UInt64] = []
    swap(&slots, &self.slots)
    let mask = slots.count - 1
    var hashes = [UInt64](repeating: 0, count: Self.blockCount)
    var entries = hashes
    var used = 0
    var longest = 0
    var start = 0
    for first in stride(from: 0, to: ends.count, by: Self.blockCount) {
      let block = first..<min(first + Self.blockCount, ends.count)
      var position = start
      for number in block {
        let hash = bytes.hash(from: position, to: ends[number], seed: seed)
        hashes[number - first] = hash
        position = ends[number]
      }
      for index in 0..<block.count {
        entries[index] = slots[Int(truncatingIfNeeded: hashes[index]) & mask]
      }
      for number in block {
        let end = ends[number]
        if end == start { continue }
        let hash = hashes[number - first]
        var slot = Int(truncatingIfNeeded: hash) & mask
        // A slot that was empty may have been taken by a string of this block.
        var entry = entries[number - first]
        if entry == 0 { entry = slots[slot] }
        while entry != 0 {
          if (entry ^ hash) >> 32 == 0 {
            let other = Int(entry & 0xFFFF_FFFF) - 1
            let otherStart = other == 0 ? 0 : ends[other - 1]
            if ends[other] - otherStart == end - start,
              bytes.equals(from: start, to: end, bytes, at: otherStart)
            {
              break
            }
          }
          slot = (slot + 1) & mask
          entry = slots[slot]
        }
        if entry == 0 { used += 1 }
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
        longest = max(longest, end - start)
        start = end
      }
    }
    self.used = used
    self.longest = longest
    swap(&slots, &self.slots)
  }

  /// The number of each of `parts` of `text`, or `none`, in order; at most `blockCount` parts.
  func find(_ parts: [Range<Int>], of text: [UInt8], into numbers: inout [Int32]) {
    let text = text.span
    let bytes = strings.bytes.span
    let ends = strings.ends.span
    let slots = slots.span
    let mask = slots.count - 1
    numbers.removeAll(keepingCapacity: true)
    var hashes = [UInt64](repeating: 0, count: parts.count)
    for (index, part) in parts.enumerated() {
      hashes[index] = text.hash(from: part.lowerBound, to: part.upperBound, seed: seed)
    }
    let entries = hashes.map { slots[Int(truncatingIfNeeded: $0) & mask] }
    for index in parts.indices {
      let hash = hashes[index]
      var slot = Int(truncatingIfNeeded: hash) & mask
      var entry = entries[index]
      while entry != 0, (entry ^ hash) >> 32 != 0 {
        slot = (slot + 1) & mask
        entry = slots[slot]
      }
      numbers.append(Int32(truncatingIfNeeded: Int(entry & 0xFFFF_FFFF) - 1))
    }
    // The first string whose hash is alike: where it starts, and its first byte.
    let starts = numbers.map { $0 > 0 ? ends[Int($0) - 1] : 0 }
    let firsts = starts.map { $0 < bytes.count ? bytes[$0] : 0 }
    for (index, part) in parts.enumerated() where numbers[index] >= 0 {
      if ends[Int(numbers[index])] - starts[index] != part.count
        || firsts[index] != text[part.lowerBound]
        || !text.equals(from: part.lowerBound, to: part.upperBound, bytes, at: starts[index])
      {
        numbers[index] = find(text, from: part.lowerBound, to: part.upperBound)
      }
    }
  }
}
