// Memory for keys and values, taken once and handed out in blocks.

package import KernelInterface
package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One layer's part in a sequence's memory.
package struct LayerMemoryShape: Sendable {
  package var headCount: Int
  package var keyLength: Int
  package var valueLength: Int
  /// Positions that a row sees, itself included; nil for all.
  package var window: Int?
  /// Floats of a recurrent layer's state; 0 for layers with keys and values.
  package var stateCount = 0

  package init(headCount: Int, keyLength: Int, valueLength: Int, window: Int? = nil) {
    self.headCount = headCount
    self.keyLength = keyLength
    self.valueLength = valueLength
    self.window = window
  }

  /// A recurrent layer. Of its states only the last is looked at.
  package init(stateCount: Int) {
    self.init(headCount: 0, keyLength: 0, valueLength: 0, window: 1)
    self.stateCount = stateCount
  }

  /// A layer that keeps nothing: it reads what another has kept.
  package static let none = LayerMemoryShape(headCount: 0, keyLength: 0, valueLength: 0)

  /// Whether it needs blocks.
  package var keeps: Bool { headCount > 0 || stateCount > 0 }

  /// Bytes that it needs of a block.
  func blockBytes(_ format: CacheFormat) -> Int {
    let shape = CacheShape(format: format, keyLength: keyLength, valueLength: valueLength)
    return headCount * shape.headBytes + stateCount * MemoryLayout<Float>.stride
  }
}

/// Blocks of one size, each for 32 positions of one layer of one sequence: their keys and values, or
/// the state of a recurrent layer after the last of them.
///
/// The system gives the memory as it is written. A block that is given back is set to zero at once.
/// Not thread-safe: one owner.
package final class BlockPool {
  package let layers: [LayerMemoryShape]
  /// Blocks of a page: layers that keep something.
  package let pageBlockCount: Int
  /// What one head of each layer keeps.
  package let shapes: [CacheShape]
  /// Bytes of a block: what the largest layer needs.
  package let blockBytes: Int
  package let blockCount: Int
  /// Blocks that nobody has.
  package private(set) var freeCount: Int
  /// Whether some layers are recurrent: memory then returns only to places whose states it has.
  package let isRecurrent: Bool
  /// The widest window of the layers that have one.
  package let widestWindow: Int?

  private let buffer: AlignedBuffer
  /// Blocks that were given back.
  private var returned: [UnsafeMutableRawPointer] = []
  /// Blocks from here on were never handed out.
  private var firstFresh = 0

  /// - Parameters:
  ///   - blockCount: blocks to make room for.
  ///   - isLocked: whether the memory stays out of swap.
  package init(
    layers: [LayerMemoryShape], format: CacheFormat, blockCount: Int, isLocked: Bool = false
  ) throws(AllocationError) {
    self.layers = layers
    pageBlockCount = Self.pageBlockCount(layers)
    shapes = layers.map {
      CacheShape(format: format, keyLength: $0.keyLength, valueLength: $0.valueLength)
    }
    blockBytes = Self.blockBytes(layers, format)
    self.blockCount = blockCount
    freeCount = blockCount
    isRecurrent = layers.contains { $0.stateCount > 0 }
    widestWindow = layers.compactMap(\.window).max()
    let (bytes, overflows) = blockCount.multipliedReportingOverflow(by: blockBytes)
    // Fresh blocks are handed out in order. A long context is some ten thousand small pages a token, and
    // to find each took as long as to read it.
    buffer = try AlignedBuffer(
      byteCount: overflows ? .max : bytes, filled: true,
      privacy: isLocked ? .locked : .undumped)
  }

  /// Bytes of a block for these layers.
  package static func blockBytes(_ layers: [LayerMemoryShape], _ format: CacheFormat) -> Int {
    layers.map { $0.blockBytes(format) }.max() ?? 0
  }

  /// Blocks of a page for these layers.
  package static func pageBlockCount(_ layers: [LayerMemoryShape]) -> Int {
    layers.count { $0.keeps }
  }

  /// Pages of 32 positions that `positions` positions need.
  package static func pageCount(_ positions: Int) -> Int {
    (positions + cacheBlockPositionCount - 1) / cacheBlockPositionCount
  }

  /// Blocks of a layer that a sequence of `positions` positions keeps: those of its window, and two
  /// more to go back by and to write to.
  package static func blockCount(_ layer: LayerMemoryShape, positions: Int) -> Int {
    guard layer.keeps else { return 0 }
    let all = pageCount(positions)
    return layer.window.map { min(all, pageCount($0) + 3) } ?? all
  }

  /// Bytes of all blocks.
  package var byteCount: Int { blockCount * blockBytes }

  /// A block of zeros; nil when none is left.
  func take() -> UnsafeMutableRawPointer? {
    if let block = returned.popLast() {
      freeCount -= 1
      return block
    }
    guard firstFresh < blockCount else { return nil }
    freeCount -= 1
    firstFresh += 1
    return buffer.base + (firstFresh - 1) * blockBytes
  }

  /// Takes a block back and wipes it.
  func give(_ block: UnsafeMutableRawPointer) {
    memset(block, 0, blockBytes)
    returned.append(block)
    freeCount += 1
  }

  /// Gives memory back to the system, if no block is in use.
  package func releaseIfUnused() {
    guard freeCount == blockCount, firstFresh > 0 else { return }
    buffer.wipe(usedBytes: 0)
    returned = []
    firstFresh = 0
  }
}
