// Many strings entered or looked up in step. Each leads to places in memory that no cache holds;
// done in stages for a block of strings at a time, the waits for them overlap.

extension TokenLookup {
  /// Enters every string of the table that is not empty, in order. None may be entered yet, and
  /// there must be room for all.
  mutating func enterAll() {
    let strings = strings
    let bytes = strings.bytes.span
    let bounds = strings.bounds.span
    var slots: [UInt64] = []
    swap(&slots, &self.slots)
    let mask = slots.count - 1
    var hashes = [UInt64](repeating: 0, count: TokenBlock.capacity)
    var entries = hashes
    var used = 0
    var longest = 0
    for first in stride(from: 0, to: strings.count, by: TokenBlock.capacity) {
      let block = first..<min(first + TokenBlock.capacity, strings.count)
      for number in block {
        hashes[number - first] = bytes.hash(
          from: Int(bounds[number]), to: Int(bounds[number + 1]), seed: seed)
      }
      for index in 0..<block.count {
        entries[index] = slots[Int(truncatingIfNeeded: hashes[index]) & mask]
      }
      for number in block {
        let (start, end) = (Int(bounds[number]), Int(bounds[number + 1]))
        if end == start { continue }
        let hash = hashes[number - first]
        var slot = Int(truncatingIfNeeded: hash) & mask
        // A slot that was empty may have been taken by a string of this block.
        var entry = entries[number - first]
        if entry == 0 { entry = slots[slot] }
        while entry != 0 {
          if (entry ^ hash) >> 32 == 0 {
            let other = Int(entry & 0xFFFF_FFFF) - 1
            if bounds[other + 1] - bounds[other] == end - start,
              bytes.equals(from: start, to: end, bytes, at: Int(bounds[other]))
            {
              break
            }
          }
          slot = (slot + 1) & mask
          entry = slots[slot]
        }
        if entry == 0 { used += 1 } else { hasDuplicates = true }
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1)
        longest = max(longest, end - start)
      }
    }
    self.used = used
    self.longest = longest
    swap(&slots, &self.slots)
  }

  /// Finds the numbers of the strings of `block`.
  func find(_ block: inout TokenBlock) {
    let bytes = strings.bytes.span
    let bounds = strings.bounds.span
    let slots = slots.span
    let mask = slots.count - 1
    for index in 0..<block.count {
      block.entries[index] = slots[Int(truncatingIfNeeded: block.hashes[index]) & mask]
    }
    for index in 0..<block.count {
      let hash = block.hashes[index]
      var slot = Int(truncatingIfNeeded: hash) & mask
      var entry = block.entries[index]
      while entry != 0, (entry ^ hash) >> 32 != 0 {
        slot = (slot + 1) & mask
        entry = slots[slot]
      }
      block.numbers[index] = Int32(truncatingIfNeeded: Int(entry & 0xFFFF_FFFF) - 1)
    }
    // The first string whose hash is alike: where it starts, and its beginning.
    for index in 0..<block.count {
      let number = Int(block.numbers[index])
      block.places[index] = number >= 0 ? Int(bounds[number]) : 0
    }
    for index in 0..<block.count {
      block.entries[index] = bytes.word(at: block.places[index])
    }
    for index in 0..<block.count where block.numbers[index] >= 0 {
      let number = Int(block.numbers[index])
      let (start, end) = (block.starts[index], block.ends[index])
      let (place, count) = (block.places[index], end - start)
      let difference = block.entries[index] ^ bytes.word(at: start)
      if Int(bounds[number + 1]) - place != count
        || difference << UInt64(64 - min(8, count) * 8) != 0
        || count > 8 && !bytes.equals(from: start + 8, to: end, bytes, at: place + 8)
      {
        block.numbers[index] = find(bytes, from: start, to: end)
      }
    }
  }
}

/// Parts of a table's own strings that are looked up in step.
struct TokenBlock {
  /// How many there can be.
  static let capacity = 64

  /// How many there are; the lists are longer.
  private(set) var count = 0
  fileprivate(set) var numbers = [Int32](repeating: 0, count: capacity)
  fileprivate var starts = [Int](repeating: 0, count: capacity)
  fileprivate var ends = [Int](repeating: 0, count: capacity)
  fileprivate var hashes = [UInt64](repeating: 0, count: capacity)
  /// Entries of the table, then beginnings of strings.
  fileprivate var entries = [UInt64](repeating: 0, count: capacity)
  fileprivate var places = [Int](repeating: 0, count: capacity)

  mutating func removeAll() { count = 0 }

  /// Adds what lies from `start` to `end` among the bytes of the strings of `lookup`.
  @inline(__always)
  mutating func append(_ lookup: TokenLookup, _ start: Int, _ end: Int) {
    starts[count] = start
    ends[count] = end
    hashes[count] = lookup.strings.bytes.span.hash(from: start, to: end, seed: lookup.seed)
    count += 1
  }
}
