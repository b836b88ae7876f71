// Unpacking: how 32 columns of each integer layout become unsigned bytes.

import KernelInterface

/// A layout whose 32-column blocks stand one behind the other, scales first.
///
/// The weight is `scale × (byte - zero point)`, or `scale × byte + minimum`.
protocol SimpleBlock {
  static var blockBytes: Int { get }
  static var hasMinimum: Bool { get }
  /// Whether bytes use all eight bits.
  static var isWide: Bool { get }
  /// Where an activation block keeps the sum to begin with, nil where weights have no zero point.
  static var zeroPoint: Int? { get }
  /// Calls `body` for each group of four columns: a register of unsigned bytes, one row a lane, and
  /// the group's number.
  static func forEachGroup(_ block: UnsafeRawPointer, _ body: (Words, Int) -> Void)
}

/// The low nibbles of word `i`: group `i`.
@inline(__always)
func lowNibbles(_ address: UnsafeRawPointer, _ i: Int) -> Words {
  loadWords(address + 64 * i) & 0x0F0F_0F0F
}

/// The high nibbles of word `i`: group `i + 4`.
@inline(__always)
func highNibbles(_ address: UnsafeRawPointer, _ i: Int) -> Words {
  (loadWords(address + 64 * i) &>> 4) & 0x0F0F_0F0F
}

/// Bits 4 and 5 of group `i` of four, from the word that holds theirs.
@inline(__always)
func upperBits(_ word: Words, _ i: Int) -> Words {
  let moved = i == 0 ? word &<< 4 : i == 1 ? word &<< 2 : i == 2 ? word : word &>> 2
  return moved & 0x3030_3030
}

/// Calls `body` for each group of nibbles, a word's two groups in turn.
@inline(__always)
private func forEachNibbleGroup(_ address: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
  @inline(__always) func both(_ i: Int) {
    body(lowNibbles(address, i), i)
    body(highNibbles(address, i), i + 4)
  }
  both(0)
  both(1)
  both(2)
  both(3)
}

/// As `forEachNibbleGroup`, with fifth bits from the masks at `bits`.
@inline(__always)
private func forEachFifthBitGroup(
  _ address: UnsafeRawPointer, _ bits: UnsafeRawPointer, _ body: (Words, Int) -> Void
) {
  forEachNibbleGroup(address) { bytes, group in
    body(
      addingFifthBits(bytes, bits.loadUnaligned(fromByteOffset: 8 * group, as: UInt64.self)),
      group)
  }
}

enum BlockQ4_0: SimpleBlock {
  static var blockBytes: Int { 288 }
  static var hasMinimum: Bool { false }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { ActivationBlock.zeroPoint8 }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
    forEachNibbleGroup(block + 32, body)
  }
}

enum BlockQ4_1: SimpleBlock {
  static var blockBytes: Int { 320 }
  static var hasMinimum: Bool { true }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { nil }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
    forEachNibbleGroup(block + 64, body)
  }
}

enum BlockQ5_0: SimpleBlock {
  static var blockBytes: Int { 352 }
  static var hasMinimum: Bool { false }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { ActivationBlock.zeroPoint16 }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
    forEachFifthBitGroup(block + 32, block + 288, body)
  }
}

enum BlockQ5_1: SimpleBlock {
  static var blockBytes: Int { 384 }
  static var hasMinimum: Bool { true }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { nil }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
    forEachFifthBitGroup(block + 64, block + 320, body)
  }
}

enum BlockQ8_0: SimpleBlock {
  static var blockBytes: Int { 544 }
  static var hasMinimum: Bool { false }
  static var isWide: Bool { true }
  static var zeroPoint: Int? { wideZeroPoint }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
    for group in 0..<8 { body(loadWords(block + 32 + 64 * group), group) }
  }
}

/// What a 32-column part of a Q4_K or Q5_K block holds behind its scales and minimums.
protocol ScaledPart {
  static var partBytes: Int { get }
  /// As `SimpleBlock.forEachGroup`.
  static func forEachGroup(_ part: UnsafeRawPointer, _ body: (Words, Int) -> Void)
}

enum PlainNibbles: ScaledPart {
  static var partBytes: Int { 288 }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
    forEachNibbleGroup(part + 32, body)
  }
}

enum FifthBitNibbles: ScaledPart {
  static var partBytes: Int { 352 }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, _ body: (Words, Int) -> Void) {
    forEachFifthBitGroup(part + 32, part + 288, body)
  }
}
