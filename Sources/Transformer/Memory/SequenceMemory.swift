// What a sequence remembers: keys and values of its positions, in memory only.

package import KernelInterface
package import TensorCore

/// A sequence's memory: append, truncate, fork, checkpoint, restore, wipe, bytes.
///
/// It is a list of pages of 32 positions. Forks and the prefix cache share pages; a page that
/// somebody else holds is copied before it is written. Not thread-safe: a pool and all memories on
/// it have one owner.
package final class SequenceMemory {
  /// A place to return to. It holds on to the states of recurrent layers.
  package struct Checkpoint {
    fileprivate let count: Int
    fileprivate let lastPage: MemoryPage?
  }

  /// Positions that it can hold.
  package let capacity: Int
  /// Positions in use: the next row's position.
  package private(set) var count = 0
  private let pool: BlockPool
  /// Changed by `add`, `replaceLast`, `keepPages` and `wipe` alone, which count them.
  private var pages: [MemoryPage] = []
  /// Where the blocks lie, `[blocks of a page, tableWidth]`.
  private var table: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private var tableWidth = 0
  /// Pages before it have given up the blocks that lie outside of windows.
  private var firstWhole = 0

  /// Room for `capacity` positions, rounded up to whole pages, as far as the pool has it.
  package init(_ pool: BlockPool, capacity: Int) {
    self.pool = pool
    self.capacity = BlockPool.pageCount(capacity) * cacheBlockPositionCount
    table = .allocate(capacity: 0)
  }

  /// A memory with a pool of its own that holds all of `capacity`.
  package convenience init(
    layers: [LayerMemoryShape], capacity: Int, format: CacheFormat
  ) throws(AllocationError) {
    let pool = try BlockPool(
      layers: layers, format: format,
      blockCount: BlockLayout(layers, format).roomBlockCount(positions: capacity))
    self.init(pool, capacity: capacity)
  }

  deinit {
    for page in pages { page.letGo() }
    table.deallocate()
  }

  /// One layer's cache, good until positions are taken or forgotten.
  package func cache(_ layer: Int) -> LayerCache {
    LayerCache(
      shape: pool.shapes[layer], headCount: pool.layers[layer].headCount,
      // Where a row looks there are blocks.
      blocks: UnsafeRawPointer(blocks(layer)).assumingMemoryBound(
        to: UnsafeMutableRawPointer.self))
  }

  /// A recurrent layer's states; good until positions are taken or forgotten.
  package func states(_ layer: Int) -> PageStates {
    PageStates(
      blocks: blocks(layer), partDistance: tableWidth,
      partLength: pool.blockBytes / MemoryLayout<Float>.stride)
  }

  private func blocks(_ layer: Int) -> UnsafePointer<UnsafeMutableRawPointer?> {
    UnsafePointer(table + pool.places[layer] * tableWidth)
  }

  /// Blocks that `append(positions)` would take from the pool.
  package func blocksNeeded(for positions: Int) -> Int {
    guard positions > 0 else { return 0 }
    let newPages = max(0, BlockPool.pageCount(count + positions) - pages.count)
    let copies = count % cacheBlockPositionCount != 0 && !isLastPageOwned ? 1 : 0
    return pool.layout.blockCount(newPages: newPages) + copies * pool.pageBlockCount
  }

  private var isLastPageOwned: Bool { isKnownUniquelyReferenced(&pages[pages.count - 1]) }

  /// Takes the next `positions` positions; their keys and values are written by the forward pass.
  package func append(_ positions: Int) throws(ModelError) -> Range<Int> {
    guard positions <= capacity - count else {
      throw ModelError(
        .contextFull, "the context of \(capacity) tokens is full (\(count) used, \(positions) more)"
      )
    }
    let needed = blocksNeeded(for: positions)
    guard needed <= pool.freeCount else {
      throw ModelError(
        .memoryFull,
        "\(needed * pool.blockBytes) bytes of memory for keys and values are needed, "
          + "\(pool.freeCount * pool.blockBytes) of \(pool.byteCount) are free: give it more")
    }
    if positions > 0, count % cacheBlockPositionCount != 0, !isLastPageOwned,
      let copy = pages[pages.count - 1].copy()
    {
      replaceLast(with: copy)
    }
    let pageCount = BlockPool.pageCount(count + positions)
    while pages.count < pageCount,
      let page = MemoryPage(
        pool, keepsStates: pool.layout.keepsStates(pagesBehind: pageCount - 1 - pages.count))
    {
      add(page)
    }
    count += positions
    return count - positions..<count
  }

  private func add(_ page: MemoryPage) {
    page.hold()
    pages.append(page)
    note(pages.count - 1)
  }

  private func replaceLast(with page: MemoryPage) {
    page.hold()
    pages[pages.count - 1].letGo()
    pages[pages.count - 1] = page
    note(pages.count - 1)
  }

  /// Gives up all pages after so many.
  private func keepPages(_ kept: Int) {
    for page in pages[kept...] { page.letGo() }
    pages.removeLast(pages.count - kept)
    firstWhole = min(firstWhole, kept)
  }

  /// Writes the places of a page's blocks to the table.
  private func note(_ page: Int) {
    if page >= tableWidth { widenTable() }
    for (place, block) in pages[page].blocks.enumerated() {
      (table + place * tableWidth + page).initialize(to: block)
    }
  }

  private func widenTable() {
    let width = max(8, 2 * tableWidth)
    table.deallocate()
    table = .allocate(capacity: width * pool.pageBlockCount)
    tableWidth = width
    for page in pages.indices.dropLast() { note(page) }
  }

  /// Forgets the positions from `position` on.
  ///
  /// A memory that has dropped what lies outside of windows goes back by 32 positions, or else to
  /// the beginning. One with recurrent layers goes back to the nearest page whose states it has, or
  /// to the beginning. `count` says where it stands.
  package func truncate(to position: Int) {
    precondition(position >= 0 && position <= count, "position \(position) of \(count)")
    var position = position
    if pool.isRecurrent, position < count {
      position -= position % cacheBlockPositionCount
      while position > 0, !pages[position / cacheBlockPositionCount - 1].isWhole {
        position -= cacheBlockPositionCount
      }
    } else if let window = pool.widestWindow {
      let seen = pages[max(0, position - window) / cacheBlockPositionCount..<pages.count]
      if !seen.prefix(BlockPool.pageCount(position) - seen.startIndex).allSatisfy(\.isWhole) {
        position = 0
      }
    }
    count = position
    keepPages(BlockPool.pageCount(position))
  }

  /// Gives up states of recurrent layers that lie far back.
  package func dropOldStates() { if pool.isRecurrent { dropOutsideWindows() } }

  /// A second memory with the same contents, which shares pages until they are written.
  package func fork() -> SequenceMemory {
    let copy = SequenceMemory(pool, capacity: capacity)
    copy.adopt(pages, count: count)
    return copy
  }

  package func checkpoint() -> Checkpoint {
    let isInPage = pool.isRecurrent && count % cacheBlockPositionCount != 0
    return Checkpoint(count: count, lastPage: isInPage ? pages.last : nil)
  }

  /// Returns to a checkpoint taken earlier on this timeline.
  package func restore(_ checkpoint: Checkpoint) {
    guard let page = checkpoint.lastPage else { return truncate(to: checkpoint.count) }
    precondition(checkpoint.count <= count, "position \(checkpoint.count) of \(count)")
    count = checkpoint.count
    keepPages(BlockPool.pageCount(count))
    replaceLast(with: page)
  }

  /// Forgets the positions from `position` on, or, where states of recurrent layers are not known
  /// there, those from `checkpoint` on, which lies before it.
  package func goBack(to position: Int, or checkpoint: Checkpoint) {
    guard position < count else { return }
    if pool.isRecurrent { restore(checkpoint) } else { truncate(to: position) }
  }

  /// Forgets everything. Pages that nobody shares are zeros when it returns.
  package func wipe() {
    keepPages(0)
    count = 0
  }

  /// Bytes that it takes when it is full.
  package var byteCount: Int {
    pool.layout.roomBlockCount(positions: capacity) * pool.blockBytes
  }
}

// MARK: Sharing

extension SequenceMemory {
  /// The pages in use, the last one perhaps in part.
  var sharedPages: [MemoryPage] { pages }

  /// Takes over pages that hold `count` positions; for an empty memory.
  func adopt(_ shared: [MemoryPage], count: Int) {
    for page in shared { add(page) }
    self.count = count
  }

  /// Gives up blocks that no later row can see, but for 32 positions to go back by. Pages that
  /// somebody else holds stay as they are.
  ///
  /// - Parameter again: looks at all pages again, since somebody may have let go of them.
  package func dropOutsideWindows(again: Bool = false) {
    guard let window = pool.widestWindow else { return }
    let end = (count - window - 2 * cacheBlockPositionCount) / cacheBlockPositionCount
    if again { firstWhole = 0 }
    while firstWhole < end {
      if pages[firstWhole].isWhole, isKnownUniquelyReferenced(&pages[firstWhole]) {
        pages[firstWhole].dropWindows()
      }
      firstWhole += 1
    }
  }
}

extension KeyValueFormat {
  /// The kernels' name for it.
  package var stored: CacheFormat {
    switch self {
    case .F16: .F16
    case .F32: .F32
    case .Q8_0: .Q8_0
    }
  }
}
