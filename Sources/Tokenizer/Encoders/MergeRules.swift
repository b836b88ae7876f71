// Which two neighbouring symbols may become one, and which pair goes first.

/// An order of merging. Symbols are numbers; a vocabulary's tokens come first, spellings that occur
/// only on the way to a token follow them.
protocol MergeRule: Sendable {
  /// What `left` and `right`, spelled by `bytes` from `start` to `end`, merge into: priority << 32
  /// | symbol, lowest priority first; `noMerge` if they do not.
  func merge(
    _ left: Int32, _ right: Int32, _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
  ) -> UInt64
}

/// Two symbols that stay apart.
let noMerge = UInt64.max

/// The part of a merge that holds its priority.
let priorityMask: UInt64 = 0xFFFF_FFFF_0000_0000

/// Merges listed as pairs: byte-pair encoding.
struct PairMerges: MergeRule {
  /// A pair and what it becomes; `key` 0 is an empty slot, as no pair is (0, 0) plus one.
  private struct Slot: Sendable {
    var key: UInt64 = 0
    var result: UInt64 = 0
  }

  private var slots: [Slot]
  private let shift: UInt64
  private var used = 0

  /// A table with room for `capacity` pairs.
  init(capacity: Int) {
    var bits = 4
    while 1 << bits < capacity * 2 { bits += 1 }
    slots = [Slot](repeating: Slot(), count: 1 << bits)
    shift = UInt64(64 - bits)
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    (UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))) &+ 1
  }

  @inline(__always)
  private func firstSlot(_ key: UInt64) -> Int {
    let product = key.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return Int(truncatingIfNeeded: (product.high ^ product.low) >> shift)
  }

  /// Enters a pair unless it is there already. There must be room.
  mutating func enter(_ left: Int32, _ right: Int32, priority: Int, symbol: Int32) {
    let key = Self.key(left, right)
    var slot = firstSlot(key)
    while slots[slot].key != 0 {
      if slots[slot].key == key { return }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot].key = key
    slots[slot].result = UInt64(priority) << 32 | UInt64(UInt32(bitPattern: symbol))
  }

  @inline(__always)
  func merge(
    _ left: Int32, _ right: Int32, _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
  ) -> UInt64 {
    if left < 0 || right < 0 { return noMerge }
    let key = Self.key(left, right)
    var slot = firstSlot(key)
    while slots[slot].key != key {
      if slots[slot].key == 0 { return noMerge }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slots[slot].result
  }
}

/// Any two symbols merge whose spelling is a token, best score first: SentencePiece.
struct ScoredMerges: MergeRule {
  let tokens: TokenLookup
  /// By token: the higher the score, the lower.
  let priorities: [UInt32]

  init(tokens: TokenLookup, scores: [Float]) {
    self.tokens = tokens
    priorities = scores.map(Self.priority)
  }

  /// A number that falls as `score` rises; NaN comes last.
  private static func priority(_ score: Float) -> UInt32 {
    if score.isNaN { return .max - 1 }
    // Adding zero makes the two zeros equal.
    let bits = (score + 0).bitPattern
    return ~(bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits)
  }

  @inline(__always)
  func merge(
    _ left: Int32, _ right: Int32, _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
  ) -> UInt64 {
    let token = tokens.find(bytes, from: start, to: end)
    if token < 0 { return noMerge }
    return UInt64(priorities[Int(token)]) << 32 | UInt64(token)
  }
}
