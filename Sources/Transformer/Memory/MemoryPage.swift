// The keys and values of 32 positions in all layers, shared by everything that remembers them.

import KernelInterface

/// A block of each layer. References to it are its count: the last one that goes wipes it.
///
/// Whoever writes to a page must hold its only reference.
package final class MemoryPage {
  private let pool: BlockPool
  /// A block for each layer; nil where it keeps nothing, or its window has passed it.
  private(set) var blocks: [UnsafeMutableRawPointer?]
  /// Whether every layer that keeps something still has its block.
  private(set) var isWhole = true

  /// Blocks that it holds.
  var blockCount: Int { isWhole ? pool.pageBlockCount : blocks.count { $0 != nil } }

  /// Takes blocks from the pool; nil when it has not enough.
  init?(_ pool: BlockPool) {
    self.pool = pool
    guard pool.freeCount >= pool.pageBlockCount else { return nil }
    blocks = pool.layers.map { $0.keeps ? pool.take() : nil }
  }

  /// A page with the same contents; nil when the pool has not enough blocks.
  func copy() -> MemoryPage? {
    guard let copy = MemoryPage(pool) else { return nil }
    for (layer, block) in blocks.enumerated() {
      if let block {
        copy.blocks[layer]?.copyMemory(from: block, byteCount: pool.blockBytes)
      } else {
        copy.give(layer)
      }
    }
    return copy
  }

  /// Gives back the blocks of the layers that have a window.
  func dropWindows() {
    for (layer, shape) in pool.layers.enumerated() where shape.window != nil { give(layer) }
  }

  private func give(_ layer: Int) {
    guard let block = blocks[layer] else { return }
    pool.give(block)
    blocks[layer] = nil
    isWhole = false
  }

  deinit {
    for case let block? in blocks { pool.give(block) }
  }
}
