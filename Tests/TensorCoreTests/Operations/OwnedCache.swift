// A layer's cache that owns its memory.

import KernelInterface
import TensorCore

final class OwnedCache {
  let cache: LayerCache
  private let buffer: AlignedBuffer
  private let table: UnsafeMutablePointer<UnsafeMutableRawPointer>

  /// Room for `positions` positions of the key-value heads of `heads`.
  init(_ heads: AttentionHeads, format: CacheFormat, positions: Int) throws {
    let shape = CacheShape(
      format: format, keyLength: heads.keyLength, valueLength: heads.valueLength)
    let blocks = (positions + cacheBlockPositionCount - 1) / cacheBlockPositionCount
    buffer = try AlignedBuffer(
      byteCount: blocks * shape.headBytes * heads.keyValueHeadCount)
    table = .allocate(capacity: blocks)
    // Blocks lie in reverse: nothing may depend on their order.
    for block in 0..<blocks {
      (table + block).initialize(
        to: buffer.base + (blocks - 1 - block) * shape.headBytes * heads.keyValueHeadCount)
    }
    cache = LayerCache(shape: shape, headCount: heads.keyValueHeadCount, blocks: table)
  }

  deinit { table.deallocate() }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: buffer.base, count: buffer.byteCount)) }
}
