// Unpacking: how 32 columns of each integer layout become unsigned bytes.

import KernelInterface

/// A layout whose 32-column blocks stand one behind the other, scales first.
///
/// The weight is `scale × (byte - zero point)`, or `scale × byte + minimum`.
protocol SimpleBlock {
  static var blockBytes: Int { get }
  static var hasMinimum: Bool { get }
  /// What bytes are at most.
  static var largestByte: Int { get }
  /// Where an activation block keeps the sum to begin with, nil where weights have no zero point.
  static var zeroPoint: Int? { get }
  /// The scales of the rows.
  static func scale(_ block: UnsafeRawPointer) -> Floats
  /// Calls `body` for each group of four columns: a register of unsigned bytes, one row a lane, and
  /// the group's number. `turns` is how a loop over them is written.
  static func forEachGroup(
    _ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
}

extension SimpleBlock {
  @inline(__always)
  static func scale(_ block: UnsafeRawPointer) -> Floats { loadHalves(block) }
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

/// The bit pairs of group `i` of four, from the word that holds theirs.
@inline(__always)
func bitPairs(_ word: Words, _ i: Int) -> Words { (word &>> UInt32(2 * i)) & 0x0303_0303 }

/// Bits 4 and 5 of group `i` of four, from the word that holds theirs.
@inline(__always)
func upperBits(_ word: Words, _ i: Int) -> Words {
  let moved = i == 0 ? word &<< 4 : i == 1 ? word &<< 2 : i == 2 ? word : word &>> 2
  return moved & 0x3030_3030
}

/// How the four turns of a loop over a block are written.
enum Turns {
  /// One behind the other.
  case unrolled
  /// As a loop that takes two at a time, 2. The compiler must not know it: it would write them out, and
  /// then take token after token, with the unpacked weights of all groups in memory.
  case looped(Int)

  @inline(__always)
  func run(_ body: (Int) -> Void) {
    switch self {
    case .unrolled:
      body(0)
      body(1)
      body(2)
      body(3)
    case .looped(let count):
      for turn in 0..<count {
        body(2 * turn)
        body(2 * turn + 1)
      }
    }
  }
}

/// Calls `body` for each group of nibbles, a word's two groups in turn.
@inline(__always)
private func forEachNibbleGroup(
  _ address: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void
) {
  turns.run { i in
    body(lowNibbles(address, i), i)
    body(highNibbles(address, i), i + 4)
  }
}

/// As `forEachNibbleGroup`, with fifth bits from the masks at `bits`.
@inline(__always)
private func forEachFifthBitGroup(
  _ address: UnsafeRawPointer, _ bits: UnsafeRawPointer, _ turns: Turns,
  _ body: (Words, Int) -> Void
) {
  forEachNibbleGroup(address, turns) { bytes, group in
    body(
      adding(
        16, to: bytes, where: bits.loadUnaligned(fromByteOffset: 8 * group, as: UInt64.self)),
      group)
  }
}

enum BlockQ4_0: SimpleBlock {
  static var blockBytes: Int { 288 }
  static var hasMinimum: Bool { false }
  static var largestByte: Int { 15 }
  static var zeroPoint: Int? { ActivationBlock.zeroPoint8 }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
  {
    forEachNibbleGroup(block + 32, turns, body)
  }
}

enum BlockQ4_1: SimpleBlock {
  static var blockBytes: Int { 320 }
  static var hasMinimum: Bool { true }
  static var largestByte: Int { 15 }
  static var zeroPoint: Int? { nil }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
  {
    forEachNibbleGroup(block + 64, turns, body)
  }
}

enum BlockQ5_0: SimpleBlock {
  static var blockBytes: Int { 352 }
  static var hasMinimum: Bool { false }
  static var largestByte: Int { 31 }
  static var zeroPoint: Int? { ActivationBlock.zeroPoint16 }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
  {
    forEachFifthBitGroup(block + 32, block + 288, turns, body)
  }
}

enum BlockQ5_1: SimpleBlock {
  static var blockBytes: Int { 384 }
  static var hasMinimum: Bool { true }
  static var largestByte: Int { 31 }
  static var zeroPoint: Int? { nil }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
  {
    forEachFifthBitGroup(block + 64, block + 320, turns, body)
  }
}

enum BlockQ8_0: SimpleBlock {
  static var blockBytes: Int { 544 }
  static var hasMinimum: Bool { false }
  static var largestByte: Int { 255 }
  static var zeroPoint: Int? { wideZeroPoint }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
  {
    turns.run { i in
      body(loadWords(block + 32 + 128 * i), 2 * i)
      body(loadWords(block + 96 + 128 * i), 2 * i + 1)
    }
  }
}

/// The values that nibbles choose from, plus 128.
@inline(__always)
private var wideIQ4Values: SIMD16<UInt8> {
  unsafeBitCast(WeightValues.iq4, to: SIMD16<UInt8>.self) ^ SIMD16(repeating: 0x80)
}

/// As `forEachNibbleGroup`, with the values of IQ4_NL, plus 128, for the nibbles.
@inline(__always)
private func forEachIQ4Group(
  _ address: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void
) {
  forEachNibbleGroup(address, turns) { nibbles, group in body(lookup(nibbles, wideIQ4Values), group)
  }
}

enum BlockIQ4_NL: SimpleBlock {
  static var blockBytes: Int { 288 }
  static var hasMinimum: Bool { false }
  static var largestByte: Int { 255 }
  static var zeroPoint: Int? { wideZeroPoint }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
  {
    forEachIQ4Group(block + 32, turns, body)
  }
}

enum BlockMXFP4: SimpleBlock {
  static var blockBytes: Int { 272 }
  static var hasMinimum: Bool { false }
  static var largestByte: Int { 28 }
  static var zeroPoint: Int? { ActivationBlock.zeroPoint16 }
  /// 2^(e - 128), whose first two are subnormal. 255, which the format calls no number, is infinite.
  @inline(__always)
  static func scale(_ block: UnsafeRawPointer) -> Floats {
    let exponents = widened(block.loadUnaligned(as: SIMD16<UInt8>.self))
    let doubled = unsafeBitCast(exponents &<< 23, to: Floats.self)
    return larger(doubled, Floats(repeating: 0x1p-127)) * 0.5
  }
  @inline(__always)
  static func forEachGroup(_ block: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
  {
    let values = unsafeBitCast(WeightValues.fp4, to: SIMD16<UInt8>.self) &+ 16
    forEachNibbleGroup(block + 16, turns) { nibbles, group in body(lookup(nibbles, values), group) }
  }
}

/// 32 columns of an IQ4_XS block.
enum IQ4_XSPart {
  static var partBytes: Int { 272 }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void) {
    forEachIQ4Group(part + 16, turns, body)
  }
}

/// What a 32-column part of a Q4_K or Q5_K block holds behind its scales and minimums.
protocol ScaledPart {
  static var partBytes: Int { get }
  /// What bytes are at most.
  static var largestByte: Int { get }
  /// As `SimpleBlock.forEachGroup`.
  static func forEachGroup(_ part: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void)
}

enum PlainNibbles: ScaledPart {
  static var partBytes: Int { 288 }
  static var largestByte: Int { 15 }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void) {
    forEachNibbleGroup(part + 32, turns, body)
  }
}

enum FifthBitNibbles: ScaledPart {
  static var partBytes: Int { 352 }
  static var largestByte: Int { 31 }
  @inline(__always)
  static func forEachGroup(_ part: UnsafeRawPointer, _ turns: Turns, _ body: (Words, Int) -> Void) {
    forEachFifthBitGroup(part + 32, part + 288, turns, body)
  }
}
