// The keys and values of 32 positions in all layers, shared by everything that remembers them.

import KernelInterface

/// The blocks of each layer. References to it are its count: the last one that goes wipes it.
///
/// Whoever writes to a page must hold its only reference.
package final class MemoryPage {
  private let pool: BlockPool
  /// As the pool's layout places them; nil where a layer's window has passed it, or it never had states.
  private(set) var blocks: [UnsafeMutableRawPointer?]
  /// Whether every layer that keeps something still has its block.
  private(set) var isWhole: Bool

  /// Blocks that it holds.
  private(set) var blockCount: Int
  /// Sequences that it is a page of.
  private var sequenceCount = 0

  /// Takes blocks from the pool; nil when it has not enough.
  ///
  /// - Parameter keepsStates: whether recurrent layers get blocks too.
  init?(_ pool: BlockPool, keepsStates: Bool = true) {
    self.pool = pool
    let layout = pool.layout
    let isWhole = keepsStates || layout.stateBlockCount == 0
    blockCount = layout.pageBlockCount - (isWhole ? 0 : layout.stateBlockCount)
    guard pool.freeCount >= blockCount else { return nil }
    blocks = pool.layersOfBlocks.map {
      isWhole || !layout.layers[$0].isRecurrent ? pool.take() : nil
    }
    self.isWhole = isWhole
  }

  /// A page with the same contents; nil when the pool has not enough blocks.
  func copy() -> MemoryPage? {
    guard let copy = MemoryPage(pool) else { return nil }
    for (place, block) in blocks.enumerated() {
      if let block {
        copy.blocks[place]?.copyMemory(from: block, byteCount: pool.blockBytes)
      } else {
        copy.give(place)
      }
    }
    return copy
  }

  /// Gives back the blocks of the layers that have a window.
  func dropWindows() {
    for (place, layer) in pool.layersOfBlocks.enumerated()
    where pool.layers[layer].window != nil {
      give(place)
    }
  }

  /// A sequence has it as a page.
  func hold() {
    if sequenceCount == 0 { pool.heldCount += blockCount }
    sequenceCount += 1
  }

  /// A sequence that had it has it no more.
  func letGo() {
    sequenceCount -= 1
    if sequenceCount == 0 { pool.heldCount -= blockCount }
  }

  private func give(_ place: Int) {
    guard let block = blocks[place] else { return }
    pool.give(block)
    blocks[place] = nil
    blockCount -= 1
    if sequenceCount > 0 { pool.heldCount -= 1 }
    isWhole = false
  }

  deinit {
    for case let block? in blocks { pool.give(block) }
  }
}
