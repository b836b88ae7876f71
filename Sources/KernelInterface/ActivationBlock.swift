// Activations quantised for integer products: one cache line for 32 values.

/// Offsets inside one block of 32 quantised activations, 64 bytes in all.
///
/// A value is `scale × quant`, quant in -127...127 and `scale = max |x| / 127` over the blocks that
/// share the scale (`ActivationScaling`). A product takes weights as unsigned numbers; the words to
/// begin its sums with correct for their zero point exactly and put the sum into the lowest bits of
/// a float (`IntegerSum`).
public enum ActivationBlock {
  /// Bytes of a block.
  public static let stride = 64
  /// Int8[32].
  public static let quants = 0
  /// Float: the value of one quantum.
  public static let scale = 32
  /// Float: scale × sum of the quants.
  public static let scaledSum = 36
  /// Int32[3]: what sums begin with, `IntegerSum.zero` minus the sum of the quants times 8, 16 and
  /// 128 (the zero points of Q4_0, Q5_0 and of the bytes of Q8_0).
  public static let zeroPoint8 = 40
  public static let zeroPoint16 = 44
  public static let zeroPoint128 = 48
  /// Int32: `IntegerSum.zero` minus 32 times the sum of the first 16 quants, for Q6_K.
  public static let lowZeroPoint32 = 52
  /// Int32: the same of the last 16 quants.
  public static let highZeroPoint32 = 56
  /// Float: the sum of the quants.
  public static let sum = 60
}

/// How many columns share a scale.
///
/// A sum is scaled by the weights' scales for 32 columns or 16. Where activations have one scale for
/// several of those, theirs is applied once for all, and an eighth of a product's work is saved.
public enum ActivationScaling: Sendable {
  /// 32, a block: for formats whose blocks are as long.
  case block
  /// 128: for formats of 256 columns.
  case fourBlocks

  /// Blocks that share a scale.
  @inlinable public var blockCount: Int { self == .block ? 1 : 4 }
}

/// Integer sums as the bits of a float: `bits(n) = zero + n`, whose float is 12,582,912 + n, for
/// |n| < 2^22. A sum is then converted by one subtraction, on any processor.
public enum IntegerSum {
  /// The bits of 1.5 · 2^23, where neighbouring floats are 1 apart.
  public static let zero: Int32 = 0x4B40_0000
  /// The float with these bits.
  public static let zeroValue: Float = 12_582_912
}

/// How the blocks of several rows of activations lie in memory.
///
/// Rows go in groups: block `b` of the rows of a group stand side by side, so that a tile of tokens
/// finds them at fixed distances. A single row is a group of its own.
public struct ActivationLayout: Sendable, Equatable {
  /// Rows of a group.
  public let groupRowCount: Int
  /// Bytes of one row's blocks.
  public let rowBytes: Int

  /// The layout of `rows` rows of `columns` values, a multiple of 32.
  public init(rows: Int, columns: Int) {
    groupRowCount = rows == 1 ? 1 : Self.largestGroup
    rowBytes = columns / blockElementCount * ActivationBlock.stride
  }

  /// Rows of a group where there are several; room is kept for whole groups.
  public static let largestGroup = 4

  /// Bytes that `rows` rows of `columns` values may take.
  public static func byteCount(rows: Int, columns: Int) -> Int {
    room(rows: rows) * ActivationLayout(rows: rows, columns: columns).rowBytes
  }

  /// Rows that `rows` rows take the room of: whole groups.
  public static func room(rows: Int) -> Int {
    rows == 1 ? 1 : (rows + largestGroup - 1) / largestGroup * largestGroup
  }

  /// Bytes from one block of a row to its next.
  public var blockStride: Int { groupRowCount * ActivationBlock.stride }
  /// Bytes from one group to the next.
  public var groupBytes: Int { groupRowCount * rowBytes }

  /// Where a row's first block is.
  public func offset(row: Int) -> Int {
    row / groupRowCount * groupBytes + row % groupRowCount * ActivationBlock.stride
  }
}
