// Unpacking: how 32 columns of each integer layout become unsigned bytes.

import KernelInterface

/// 32 columns × 16 rows as unsigned bytes: register `g` holds group `g`, one row a lane.
typealias Groups = (Words, Words, Words, Words, Words, Words, Words, Words)

/// A layout whose 32-column blocks stand one behind the other, scales first.
///
/// The weight is `scale × (byte - zero point)`, or `scale × byte + minimum`.
protocol SimpleBlock {
  static var blockBytes: Int { get }
  static var hasMinimum: Bool { get }
  /// Whether bytes use all eight bits.
  static var isWide: Bool { get }
  /// Where an activation block keeps the correction for the zero point, nil for none.
  static var zeroPoint: Int? { get }
  static func groups(_ block: UnsafeRawPointer) -> Groups
}

@inline(__always)
func nibbleGroups(_ address: UnsafeRawPointer) -> Groups {
  let mask: UInt32 = 0x0F0F_0F0F
  let a = loadWords(address)
  let b = loadWords(address + 64)
  let c = loadWords(address + 128)
  let d = loadWords(address + 192)
  return (
    a & mask, b & mask, c & mask, d & mask,
    (a &>> 4) & mask, (b &>> 4) & mask, (c &>> 4) & mask, (d &>> 4) & mask
  )
}

@inline(__always)
func addingFifthBits(_ low: Groups, _ address: UnsafeRawPointer) -> Groups {
  @inline(__always) func add(_ bytes: Words, _ group: Int) -> Words {
    addingFifthBits(bytes, address.loadUnaligned(fromByteOffset: 8 * group, as: UInt64.self))
  }
  return (
    add(low.0, 0), add(low.1, 1), add(low.2, 2), add(low.3, 3),
    add(low.4, 4), add(low.5, 5), add(low.6, 6), add(low.7, 7)
  )
}

@inline(__always)
func addingUpperBits(_ low: Groups, _ address: UnsafeRawPointer) -> Groups {
  let mask: UInt32 = 0x3030_3030
  let a = loadWords(address)
  let b = loadWords(address + 64)
  return (
    low.0 | (a &<< 4) & mask, low.1 | (a &<< 2) & mask, low.2 | a & mask, low.3 | (a &>> 2) & mask,
    low.4 | (b &<< 4) & mask, low.5 | (b &<< 2) & mask, low.6 | b & mask, low.7 | (b &>> 2) & mask
  )
}

enum BlockQ4_0: SimpleBlock {
  static var blockBytes: Int { 288 }
  static var hasMinimum: Bool { false }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { ActivationBlock.zeroPoint8 }
  @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
    nibbleGroups(block + 32)
  }
}

enum BlockQ4_1: SimpleBlock {
  static var blockBytes: Int { 320 }
  static var hasMinimum: Bool { true }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { nil }
  @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
    nibbleGroups(block + 64)
  }
}

enum BlockQ5_0: SimpleBlock {
  static var blockBytes: Int { 352 }
  static var hasMinimum: Bool { false }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { ActivationBlock.zeroPoint16 }
  @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
    addingFifthBits(nibbleGroups(block + 32), block + 288)
  }
}

enum BlockQ5_1: SimpleBlock {
  static var blockBytes: Int { 384 }
  static var hasMinimum: Bool { true }
  static var isWide: Bool { false }
  static var zeroPoint: Int? { nil }
  @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
    addingFifthBits(nibbleGroups(block + 64), block + 320)
  }
}

enum BlockQ8_0: SimpleBlock {
  static var blockBytes: Int { 544 }
  static var hasMinimum: Bool { false }
  static var isWide: Bool { true }
  static var zeroPoint: Int? { wideZeroPoint }
  @inline(__always) static func groups(_ block: UnsafeRawPointer) -> Groups {
    let bytes = block + 32
    return (
      loadWords(bytes), loadWords(bytes + 64), loadWords(bytes + 128), loadWords(bytes + 192),
      loadWords(bytes + 256), loadWords(bytes + 320), loadWords(bytes + 384),
      loadWords(bytes + 448)
    )
  }
}

/// What a 32-column part of a Q4_K or Q5_K block holds behind its scales and minimums.
protocol ScaledPart {
  static var partBytes: Int { get }
  static func groups(_ part: UnsafeRawPointer) -> Groups
}

enum PlainNibbles: ScaledPart {
  static var partBytes: Int { 288 }
  @inline(__always) static func groups(_ part: UnsafeRawPointer) -> Groups {
    nibbleGroups(part + 32)
  }
}

enum FifthBitNibbles: ScaledPart {
  static var partBytes: Int { 352 }
  @inline(__always) static func groups(_ part: UnsafeRawPointer) -> Groups {
    addingFifthBits(nibbleGroups(part + 32), part + 288)
  }
}
