// A layer's cache that owns its memory.

import KernelInterface
import TensorCore

struct OwnedCache {
  let cache: LayerCache
  private let buffer: AlignedBuffer

  /// Room for `positions` positions of the key-value heads of `heads`.
  init(_ heads: AttentionHeads, format: CacheFormat, positions: Int) throws {
    let shape = CacheShape(
      format: format, keyLength: heads.keyLength, valueLength: heads.valueLength)
    let blocks = (positions + cacheBlockPositionCount - 1) / cacheBlockPositionCount
    buffer = try AlignedBuffer(
      byteCount: blocks * shape.headBytes * heads.keyValueHeadCount)
    cache = LayerCache(shape: shape, headCount: heads.keyValueHeadCount, base: buffer.base)
  }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: buffer.base, count: buffer.byteCount)) }
}
