// Attention over a key-value cache kept in blocks of positions.

/// The number of positions in a cache block. Sums run block by block at absolute positions.
public let cacheBlockPositionCount = 32

/// How keys and values are stored.
public enum CacheFormat: UInt8, Sendable, CaseIterable {
  case F16, F32
  /// Signed bytes, with a scale in half precision for each 32 values of a position's key or value,
  /// fewer at its end: the numbers of GGML's type.
  case Q8_0

  /// Bytes of one value without its scale.
  public var elementBytes: Int {
    switch self {
    case .Q8_0: 1
    case .F16: 2
    case .F32: 4
    }
  }

  /// Bytes of a scale, 0 where there is none.
  public var scaleBytes: Int { self == .Q8_0 ? 2 : 0 }
}

/// Values that share a scale in a cache that has scales.
public let cacheGroupLength = 32

/// The shape of one head's part of a cache block.
public struct CacheShape: Sendable, Equatable {
  public let format: CacheFormat
  public let keyLength: Int
  public let valueLength: Int

  public init(format: CacheFormat, keyLength: Int, valueLength: Int) {
    self.format = format
    self.keyLength = keyLength
    self.valueLength = valueLength
  }

  /// Values from one position to the next: `valueLength` rounded up to a vector of 16.
  public var valueStride: Int { (valueLength + 15) / 16 * 16 }
  /// Bytes of the keys without their scales.
  public var keyElementBytes: Int { keyLength * cacheBlockPositionCount * format.elementBytes }
  /// Bytes of the values without their scales.
  public var valueElementBytes: Int {
    valueStride * cacheBlockPositionCount * format.elementBytes
  }
  /// Bytes of the keys, after which the values begin.
  public var keyBytes: Int { keyElementBytes + scaleBytes(keyLength) }
  /// Bytes of one head's part of a block.
  public var headBytes: Int { keyBytes + valueElementBytes + scaleBytes(valueLength) }

  /// Bytes of the scales of 32 positions.
  private func scaleBytes(_ length: Int) -> Int {
    (length + cacheGroupLength - 1) / cacheGroupLength * cacheBlockPositionCount
      * format.scaleBytes
  }
}

/// Rows that an attention kernel takes through the cache together.
public let attentionRowCount = 8

/// Floats of scratch for an attention call.
public func attentionScratchCount(_ shape: CacheShape) -> Int {
  attentionRowCount * (shape.valueStride + 2 * cacheBlockPositionCount)
}

/// Query rows that share one key-value head of one sequence.
///
/// For each row: `softmax(query · key) · value` over positions `starts[row] ... ends[row]`, by
/// online softmax (Milakov and Gimelshein 2018) over cache blocks in order. A cache block of one
/// head is keys `[keyLength, 32]`, position innermost, then values `[32, valueStride]`, where
/// `valueStride` is `valueLength` rounded up to 16 and the padding is zero. Where the format has
/// scales, they follow the keys as `[groups of a key, 32]`, and the values likewise.
public struct AttentionCall {
  public var shape: CacheShape
  /// Rows in this call.
  public var rowCount: Int
  /// `[rows, queryStride]`, the scale already applied.
  public var queries: UnsafePointer<Float>
  public var queryStride: Int
  /// The sequence's blocks: `blocks[i]` holds positions `32 i ..< 32 i + 32` of all heads. Only
  /// blocks from the first start to the last end are read.
  public var blocks: UnsafePointer<UnsafeMutableRawPointer>
  /// Bytes from the beginning of a block to the head's part.
  public var headOffset: Int
  /// First and last visible position of each row, `0 <= start <= end`.
  public var starts: UnsafePointer<Int32>
  public var ends: UnsafePointer<Int32>
  /// Logits become `cap × tanh(logit / cap)`; 0 leaves them alone.
  public var softCap: Float
  /// `attentionScratchCount(shape)` floats that nobody else uses during the call.
  public var scratch: UnsafeMutablePointer<Float>
  /// `[rows, outputStride]`.
  public var output: UnsafeMutablePointer<Float>
  public var outputStride: Int

  public init(
    shape: CacheShape, rowCount: Int, queries: UnsafePointer<Float>, queryStride: Int,
    blocks: UnsafePointer<UnsafeMutableRawPointer>, headOffset: Int,
    starts: UnsafePointer<Int32>, ends: UnsafePointer<Int32>, softCap: Float,
    scratch: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    self.shape = shape
    self.rowCount = rowCount
    self.queries = queries
    self.queryStride = queryStride
    self.blocks = blocks
    self.headOffset = headOffset
    self.starts = starts
    self.ends = ends
    self.softCap = softCap
    self.scratch = scratch
    self.output = output
    self.outputStride = outputStride
  }
}
