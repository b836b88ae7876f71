// What a sequence remembers: keys and values of its positions, in memory only.

package import KernelInterface
package import TensorCore

/// One layer's part in a sequence's memory.
package struct LayerMemoryShape: Sendable {
  package var headCount: Int
  package var keyLength: Int
  package var valueLength: Int

  package init(headCount: Int, keyLength: Int, valueLength: Int) {
    self.headCount = headCount
    self.keyLength = keyLength
    self.valueLength = valueLength
  }
}

/// A sequence's memory: append, truncate, fork, checkpoint, restore, wipe, bytes.
///
/// Not thread-safe: one timeline, one owner.
package final class SequenceMemory {
  /// A place to return to.
  package struct Checkpoint: Sendable {
    fileprivate let count: Int
  }

  /// Positions that it can hold.
  package let capacity: Int
  /// Positions in use: the next row's position.
  package private(set) var count = 0
  /// The most positions that were in use since the last wipe.
  private var highWaterMark = 0
  private let format: CacheFormat
  private let shapes: [LayerMemoryShape]
  private let buffers: [AlignedBuffer]
  private let caches: [LayerCache]

  /// Room for `capacity` positions, rounded up to whole blocks. Memory is taken as it is written.
  package init(
    layers: [LayerMemoryShape], capacity: Int, format: CacheFormat
  ) throws(AllocationError) {
    let blocks = (capacity + cacheBlockPositionCount - 1) / cacheBlockPositionCount
    self.capacity = blocks * cacheBlockPositionCount
    self.format = format
    shapes = layers
    var buffers: [AlignedBuffer] = []
    var caches: [LayerCache] = []
    for layer in layers {
      let shape = CacheShape(
        format: format, keyLength: layer.keyLength, valueLength: layer.valueLength)
      let buffer = try AlignedBuffer(byteCount: blocks * shape.headBytes * layer.headCount)
      buffers.append(buffer)
      caches.append(LayerCache(shape: shape, headCount: layer.headCount, base: buffer.base))
    }
    self.buffers = buffers
    self.caches = caches
  }

  deinit { wipe() }

  /// One layer's cache.
  package func cache(_ layer: Int) -> LayerCache { caches[layer] }

  /// Takes the next `positions` positions; their keys and values are written by the forward pass.
  package func append(_ positions: Int) throws(ModelError) -> Range<Int> {
    guard positions <= capacity - count else {
      throw ModelError(
        .contextFull, "the context of \(capacity) tokens is full (\(count) used, \(positions) more)"
      )
    }
    count += positions
    highWaterMark = max(highWaterMark, count)
    return count - positions..<count
  }

  /// Forgets the positions from `position` on.
  package func truncate(to position: Int) {
    precondition(position >= 0 && position <= count, "position \(position) of \(count)")
    count = position
  }

  /// A second memory with the same contents.
  package func fork() throws(AllocationError) -> SequenceMemory {
    let copy = try SequenceMemory(layers: shapes, capacity: capacity, format: format)
    for (from, to) in zip(caches, copy.caches) {
      to.base.copyMemory(from: from.base, byteCount: blockCount(count) * from.blockStride)
    }
    copy.count = count
    copy.highWaterMark = count
    return copy
  }

  package func checkpoint() -> Checkpoint { Checkpoint(count: count) }

  /// Returns to a checkpoint taken earlier on this timeline.
  package func restore(_ checkpoint: Checkpoint) { truncate(to: checkpoint.count) }

  /// Forgets everything and leaves no trace of it in memory.
  package func wipe() {
    for (buffer, cache) in zip(buffers, caches) {
      buffer.wipe(usedBytes: blockCount(highWaterMark) * cache.blockStride)
    }
    count = 0
    highWaterMark = 0
  }

  /// Bytes that it takes when it is full.
  package var byteCount: Int { buffers.reduce(0) { $0 + $1.byteCount } }

  private func blockCount(_ positions: Int) -> Int {
    (positions + cacheBlockPositionCount - 1) / cacheBlockPositionCount
  }
}
