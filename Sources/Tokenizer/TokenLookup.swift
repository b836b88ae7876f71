// From the bytes of a string to its number: a hash table over a string table.

/// Numbers of distinct strings. Strings that were added without being entered are stored only.
struct TokenLookup: Sendable {
  /// All strings, by number.
  private(set) var strings: StringTable
  /// The longest entered string, in bytes.
  var longest = 0
  /// By place. Upper half: upper half of the hash. Lower half: number + 1; 0 is an empty slot.
  var slots: [UInt64]
  var used = 0
  /// Whether equal strings were entered.
  var hasDuplicates = false
  let seed = UInt64.random(in: .min ... .max)

  /// Nothing found.
  static let none: Int32 = -1

  /// A table over `strings` in which none is entered yet, with room for `capacity` entries.
  init(strings: StringTable, capacity: Int) {
    self.strings = strings
    slots = Self.emptySlots(for: capacity)
  }

  private static func emptySlots(for capacity: Int) -> [UInt64] {
    var count = 16
    while count < capacity * 2 { count *= 2 }
    return [UInt64](repeating: 0, count: count)
  }

  /// The number of the string that `bytes` holds from `start` to `end`, or `none`.
  @inline(__always)
  func find(_ bytes: borrowing Span<UInt8>, from start: Int, to end: Int) -> Int32 {
    if end - start > longest { return Self.none }
    let hash = bytes.hash(from: start, to: end, seed: seed)
    let mask = slots.count - 1
    let all = strings.bytes.span
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      if (slots[slot] ^ hash) >> 32 == 0 {
        let number = Int(slots[slot] & 0xFFFF_FFFF) - 1
        let range = strings.range(of: number)
        if range.count == end - start,
          bytes.equals(from: start, to: end, all, at: range.lowerBound)
        {
          return Int32(truncatingIfNeeded: number)
        }
      }
      slot = (slot + 1) & mask
    }
    return Self.none
  }

  /// The number of `bytes`, or `none`.
  func find(_ bytes: some Collection<UInt8>) -> Int32 {
    let copy = Array(bytes)
    return find(copy.span, from: 0, to: copy.count)
  }

  /// Enters string `number` of the table. Of equal strings the one entered last is found.
  mutating func enter(_ number: Int) {
    if (used + 1) * 2 > slots.count { grow() }
    let (slot, entry) = place(of: number)
    if slots[slot] == 0 { used += 1 } else { hasDuplicates = true }
    slots[slot] = entry
    longest = max(longest, strings.range(of: number).count)
  }

  /// Where string `number` belongs, which is empty or has an equal one, and what to put there.
  private func place(of number: Int) -> (slot: Int, entry: UInt64) {
    let range = strings.range(of: number)
    let all = strings.bytes.span
    let hash = all.hash(from: range.lowerBound, to: range.upperBound, seed: seed)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      if (slots[slot] ^ hash) >> 32 == 0 {
        let other = strings.range(of: Int(slots[slot] & 0xFFFF_FFFF) - 1)
        if other.count == range.count,
          all.equals(from: range.lowerBound, to: range.upperBound, all, at: other.lowerBound)
        {
          break
        }
      }
      slot = (slot + 1) & mask
    }
    return (slot, hash & 0xFFFF_FFFF_0000_0000 | UInt64(number + 1))
  }

  /// Adds a string and enters it; its number.
  mutating func add(_ bytes: ArraySlice<UInt8>) -> Int32 {
    strings.append(bytes)
    enter(strings.count - 1)
    return Int32(truncatingIfNeeded: strings.count - 1)
  }

  private mutating func grow() {
    let old = slots
    slots = Self.emptySlots(for: slots.count)
    used = 0
    for entry in old where entry != 0 { enter(Int(entry & 0xFFFF_FFFF) - 1) }
  }
}
