// What each layer keeps of a sequence, and how that lies in blocks.

package import KernelInterface

/// One layer's part in a sequence's memory.
package struct LayerMemoryShape: Sendable {
  package var headCount: Int
  package var keyLength: Int
  package var valueLength: Int
  /// Positions that a row sees, itself included; nil for all.
  package var window: Int?
  /// Floats of a recurrent layer's state that stand together; 0 for layers with keys and values.
  package var stateCount = 0
  /// The rest of its state: rows of so many floats, which may lie in several blocks.
  package var stateRows = (count: 0, length: 0)

  package init(headCount: Int, keyLength: Int, valueLength: Int, window: Int? = nil) {
    self.headCount = headCount
    self.keyLength = keyLength
    self.valueLength = valueLength
    self.window = window
  }

  /// A recurrent layer. Of its states only the last is looked at.
  package init(stateCount: Int, rows: (count: Int, length: Int) = (0, 0)) {
    self.init(headCount: 0, keyLength: 0, valueLength: 0, window: 1)
    self.stateCount = stateCount
    stateRows = rows
  }

  /// A layer that keeps nothing: it reads what another has kept.
  package static let none = LayerMemoryShape(headCount: 0, keyLength: 0, valueLength: 0)

  package var isRecurrent: Bool { stateCount > 0 }

  /// Whether it needs blocks.
  package var keeps: Bool { headCount > 0 || isRecurrent }

  /// Bytes that it needs of a block, at least.
  func blockBytes(_ format: CacheFormat) -> Int {
    let shape = CacheShape(format: format, keyLength: keyLength, valueLength: valueLength)
    return headCount * shape.headBytes
      + max(stateCount, stateRows.length) * MemoryLayout<Float>.stride
  }

  /// Blocks of a page that it takes.
  func blockCount(ofBytes blockBytes: Int) -> Int {
    guard keeps else { return 0 }
    guard stateRows.count > 0 else { return 1 }
    let rows = blockBytes / (stateRows.length * MemoryLayout<Float>.stride)
    return 1 + (stateRows.count + rows - 1) / rows
  }
}

/// How the layers of a model take blocks of one size, each for 32 positions: one for keys and values, one
/// or more for the state of a recurrent layer.
package struct BlockLayout: Sendable {
  package let layers: [LayerMemoryShape]
  /// Bytes of a block: what the largest layer needs.
  package let blockBytes: Int
  /// Blocks of a page that each layer takes.
  let blockCounts: [Int]
  /// Blocks of a page.
  package let pageBlockCount: Int
  /// Those of them that are for states.
  package let stateBlockCount: Int

  /// Pages of a sequence that have states at a time, at most: those to go back to, new ones, a copy, and
  /// what a checkpoint holds.
  private static let pagesWithStates = 8
  /// What the states of sequences that run side by side may take without being asked for.
  private static let sharedStateBytes = 1 << 30
  /// What contexts with states may take without being asked for, beyond the first.
  private static let contextBytes = 4 << 30
  /// Of pages that are taken at once so many get states, the last ones.
  private static let newPagesWithStates = 3

  package init(_ layers: [LayerMemoryShape], _ format: CacheFormat) {
    self.layers = layers
    let blockBytes = layers.map { $0.blockBytes(format) }.max() ?? 0
    self.blockBytes = blockBytes
    let counts = layers.map { $0.blockCount(ofBytes: blockBytes) }
    blockCounts = counts
    pageBlockCount = counts.reduce(0, +)
    stateBlockCount = zip(layers, counts).reduce(0) { $0 + ($1.0.isRecurrent ? $1.1 : 0) }
  }

  /// Bytes of a page.
  package var pageBytes: Int { pageBlockCount * blockBytes }

  /// Whether a page gets states that is taken at once with so many pages behind it.
  func keepsStates(pagesBehind: Int) -> Bool { pagesBehind < Self.newPagesWithStates }

  /// Blocks of pages that are taken at once.
  func blockCount(newPages: Int) -> Int {
    (pageBlockCount - stateBlockCount) * newPages
      + stateBlockCount * min(newPages, Self.newPagesWithStates)
  }

  /// Blocks that a sequence of so many positions has room in at any time.
  package func roomBlockCount(positions: Int) -> Int {
    let pages = BlockPool.pageCount(positions)
    return (pageBlockCount - stateBlockCount) * pages
      + stateBlockCount * min(pages, Self.pagesWithStates)
  }

  /// Blocks that a sequence of so many positions keeps: those of its windows, and two pages more to go
  /// back by and to write to. States are kept of new pages too, until they are computed.
  package func blockCount(positions: Int) -> Int {
    let all = BlockPool.pageCount(positions)
    return zip(layers, blockCounts).reduce(0) { count, layer in
      let more = 3 + (layer.0.isRecurrent ? Self.newPagesWithStates - 1 : 0)
      let pages = layer.0.window.map { min(all, BlockPool.pageCount($0) + more) } ?? all
      return count + pages * layer.1
    }
  }

  /// As many contexts of so many positions as memory is taken for unasked, at most `most`: states of
  /// large models leave room for fewer.
  package func contexts(atMost most: Int, positions: Int) -> Int {
    guard stateBlockCount > 0 else { return most }
    let each = (roomBlockCount(positions: positions) + pageBlockCount) * blockBytes
    return max(1, min(most, Self.contextBytes / max(1, each)))
  }

  /// Blocks for so many contexts of so many positions, and for the states of sequences that run side by side
  /// as far as those are small.
  func blockCount(contexts: Int, positions: Int, sequences: Int) -> Int {
    // One page more than a context has, so that a page can be copied.
    let all = contexts * (roomBlockCount(positions: positions) + pageBlockCount)
    guard stateBlockCount > 0 else { return all }
    let most = Self.sharedStateBytes / (stateBlockCount * blockBytes)
    let pages = min(most, min(sequences, most) * Self.pagesWithStates)
    return all + stateBlockCount * max(0, pages - contexts * Self.pagesWithStates)
  }
}
