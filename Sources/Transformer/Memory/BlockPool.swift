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

/// Blocks of one size, each for 32 positions of one layer of one sequence: their keys and values, or
/// the state of a recurrent layer after the last of them, or a part of it.
///
/// The system gives the memory as it is written. A block that is given back is set to zero at once.
/// Not thread-safe: one owner.
package final class BlockPool {
  package let layout: BlockLayout
  /// Where each layer's blocks begin among those of a page.
  let places: [Int]
  /// The layer of each block of a page.
  let layersOfBlocks: [Int]
  /// What one head of each layer keeps.
  package let shapes: [CacheShape]
  package let blockCount: Int
  /// Blocks that nobody has.
  package private(set) var freeCount: Int
  /// Blocks of pages that sequences have, shared ones once; the pages keep count.
  package internal(set) var heldCount = 0
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
    layout = BlockLayout(layers, format)
    var first = 0
    places = layout.blockCounts.map { count in
      defer { first += count }
      return first
    }
    layersOfBlocks = layout.blockCounts.enumerated().flatMap {
      Array(repeating: $0.offset, count: $0.element)
    }
    shapes = layers.map {
      CacheShape(format: format, keyLength: $0.keyLength, valueLength: $0.valueLength)
    }
    self.blockCount = blockCount
    freeCount = blockCount
    isRecurrent = layout.stateBlockCount > 0
    widestWindow = layers.compactMap(\.window).max()
    let (bytes, overflows) = blockCount.multipliedReportingOverflow(by: layout.blockBytes)
    // Fresh blocks are handed out in order. A long context is some ten thousand small pages a token, and
    // to find each took as long as to read it.
    buffer = try AlignedBuffer(
      byteCount: overflows ? .max : bytes, filled: true,
      privacy: isLocked ? .locked : .undumped)
  }

  /// Pages of 32 positions that `positions` positions need.
  package static func pageCount(_ positions: Int) -> Int {
    (positions + cacheBlockPositionCount - 1) / cacheBlockPositionCount
  }

  package var layers: [LayerMemoryShape] { layout.layers }
  package var blockBytes: Int { layout.blockBytes }
  /// Blocks of a page: of all layers that keep something.
  package var pageBlockCount: Int { layout.pageBlockCount }

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
