// Attention over a key-value cache kept in blocks of positions.

/// The number of positions in a cache block. Sums run block by block at absolute positions.
public let cacheBlockPositionCount = 32

/// How keys and values are stored.
public enum CacheFormat: UInt8, Sendable, CaseIterable {
  /// Numbers in half precision.
  case F16
  /// Numbers as they are computed.
  case F32
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
  /// How its values are stored.
  public let format: CacheFormat
  /// Values of a key.
  public let keyLength: Int
  /// Values of a value.
  public let valueLength: Int

  public init(format: CacheFormat, keyLength: Int, valueLength: Int) {
    self.format = format
    self.keyLength = keyLength
    self.valueLength = valueLength
  }

  /// Values from one position to the next: `valueLength` rounded up to a vector of 16.
  public var valueStride: Int { (valueLength + 15) / 16 * 16 }
  /// `valueLength` rounded up to 32: what kernels make of it.
  public var paddedValueLength: Int { (valueLength + 31) / 32 * 32 }
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

/// Blocks of a span: 512 positions. Online softmax begins anew with each span, and the states after
/// spans are put together in order, so that several threads can share a long context.
public let attentionSpanBlockCount = 16

/// Rows that an attention kernel takes through the cache together.
public let attentionRowCount = 72

/// Floats of scratch for an attention call.
public func attentionScratchCount(_ shape: CacheShape) -> Int {
  let rowFloats =
    shape.keyLength + 2 * shape.paddedValueLength + cacheBlockPositionCount
    + attentionRowFields
  let blockFloats = cacheBlockPositionCount * max(shape.keyLength, shape.paddedValueLength)
  return (attentionRowCount + 15) / 16 * 16 * rowFloats + blockFloats
}

/// Numbers that a kernel keeps of each row beside its sums.
public let attentionRowFields = 24

/// Floats of a row's state after a span: the sums of `exp(logit - maximum) × value`
/// `[paddedValueLength]`, then the maximum and the sum of the exponentials.
public func attentionStateCount(_ shape: CacheShape) -> Int { shape.paddedValueLength + 16 }

/// Query rows that share one key-value head of one sequence: the rows of a group for each token.
///
/// For each row: `softmax(query · key) · value` over positions `starts[token] ... ends[token]`, by
/// online softmax (Milakov and Gimelshein 2018) over cache blocks in order. A cache block of one
/// head is keys `[keyLength, 32]`, position innermost, then values `[32, valueStride]`, where
/// `valueStride` is `valueLength` rounded up to 16 and the padding is zero. Where the format has
/// scales, they follow the keys as `[groups of a key, 32]`, and the values likewise.
public struct AttentionCall {
  /// Of the head's part of each block.
  public var shape: CacheShape
  /// Tokens, at least 1.
  public var tokenCount: Int
  /// Rows of a token; they stand side by side.
  public var groupCount: Int
  /// `[tokens, group, keyLength]`, tokens `queryStride` apart.
  public var queries: UnsafePointer<Float>
  /// Floats from token to token.
  public var queryStride: Int
  /// Factor on the queries.
  public var scale: Float
  /// The sequence's blocks: `blocks[i]` holds positions `32 i ..< 32 i + 32` of all heads. Only
  /// blocks from the first start to the last end are read.
  public var blocks: UnsafePointer<UnsafeMutableRawPointer>
  /// Bytes from the beginning of a block to the head's part.
  public var headOffset: Int
  /// The first visible position of each token, `[tokens]`, from 0 on.
  public var starts: UnsafePointer<Int32>
  /// The last visible position of each token, `[tokens]`, not before its start.
  public var ends: UnsafePointer<Int32>
  /// Logits become `cap × tanh(logit / cap)`; 0 leaves them alone.
  public var softCap: Float
  /// Logits that take their share of each row's softmax and give no value, `[group]`; nil for none.
  public var sinks: UnsafePointer<Float>?
  /// What logits lose with distance; nil for nothing.
  public var distances: Distances?
  /// `attentionScratchCount(shape)` floats that nobody else uses during the call.
  public var scratch: UnsafeMutablePointer<Float>
  /// Where the result goes.
  public var target: Target

  /// What logits lose with distance: `slope × |position of the row - position of the key|`.
  public struct Distances {
    /// `[group]`.
    public var slopes: UnsafePointer<Float>
    /// The position of each token, `[tokens]`.
    public var positions: UnsafePointer<Int32>

    public init(slopes: UnsafePointer<Float>, positions: UnsafePointer<Int32>) {
      self.slopes = slopes
      self.positions = positions
    }
  }

  /// What a call writes.
  public enum Target {
    /// The result, `[tokens, group, valueLength]`, tokens `stride` apart.
    case output(UnsafeMutablePointer<Float>, stride: Int)
    /// The states after some spans, `[spans, rows, attentionStateCount]`, for `combine`.
    case states(UnsafeMutablePointer<Float>, spans: Range<Int>)
  }

  public init(
    shape: CacheShape, tokenCount: Int, groupCount: Int, queries: UnsafePointer<Float>,
    queryStride: Int, scale: Float, blocks: UnsafePointer<UnsafeMutableRawPointer>,
    headOffset: Int, starts: UnsafePointer<Int32>, ends: UnsafePointer<Int32>, softCap: Float,
    sinks: UnsafePointer<Float>? = nil, distances: Distances? = nil,
    scratch: UnsafeMutablePointer<Float>, target: Target
  ) {
    self.shape = shape
    self.tokenCount = tokenCount
    self.groupCount = groupCount
    self.queries = queries
    self.queryStride = queryStride
    self.scale = scale
    self.blocks = blocks
    self.headOffset = headOffset
    self.starts = starts
    self.ends = ends
    self.softCap = softCap
    self.sinks = sinks
    self.distances = distances
    self.scratch = scratch
    self.target = target
  }
}
