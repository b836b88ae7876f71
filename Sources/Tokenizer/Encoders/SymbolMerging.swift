// Merging the symbols of one word, best pair first, leftmost first among equals.
//
// Short words: look at all pairs each time, which is quickest for a handful. Long ones: a heap of
// pairs and links between symbols, so that a megabyte without a border takes time in proportion.

/// The symbols of a word while they are merged. Kept between words for its storage.
struct SymbolMerging {
  /// The symbols, left to right; -1 for what no symbol spells.
  private(set) var symbols: [Int32] = []
  /// Where each symbol starts; one more entry says where the last ends.
  private(set) var starts: [Int] = []
  /// For each symbol but the last, what it and its right neighbour merge into.
  private var pairs: [UInt64] = []
  private var heap: [UInt64] = []
  private var previous: [Int32] = []
  private var next: [Int32] = []

  private static let longWord = 48

  /// Starts a word.
  mutating func removeAll() {
    symbols.removeAll(keepingCapacity: symbols.count < 1 << 16)
    starts.removeAll(keepingCapacity: symbols.count < 1 << 16)
  }

  /// Adds a symbol that starts at `start`.
  @inline(__always)
  mutating func append(_ symbol: Int32, start: Int) {
    symbols.append(symbol)
    starts.append(start)
  }

  /// Merges the symbols added, of a word that ends at `end`, as far as `rule` goes.
  mutating func merge(_ bytes: [UInt8], to end: Int, _ rule: some MergeRule) {
    starts.append(end)
    if symbols.count < 2 { return }
    pairs.removeAll(keepingCapacity: true)
    let span = bytes.span
    for index in 0..<symbols.count - 1 {
      pairs.append(
        rule.merge(
          symbols[index], symbols[index + 1], span, from: starts[index], to: starts[index + 2]))
    }
    if symbols.count < Self.longWord {
      mergeShort(span, rule)
    } else {
      mergeLong(span, rule)
    }
  }

  private mutating func mergeShort(_ bytes: borrowing Span<UInt8>, _ rule: some MergeRule) {
    var count = symbols.count
    while count > 1 {
      var best = 0
      var lowest = pairs[0] >> 32
      for index in 1..<count - 1 where pairs[index] >> 32 < lowest {
        best = index
        lowest = pairs[index] >> 32
      }
      if lowest == noMerge >> 32 { break }
      symbols[best] = Int32(truncatingIfNeeded: pairs[best])
      count -= 1
      for index in best + 1..<count {
        symbols[index] = symbols[index + 1]
        starts[index] = starts[index + 1]
        pairs[index - 1] = pairs[index]
      }
      starts[count] = starts[count + 1]
      if best > 0 {
        pairs[best - 1] = rule.merge(
          symbols[best - 1], symbols[best], bytes, from: starts[best - 1], to: starts[best + 1])
      }
      if best + 1 < count {
        pairs[best] = rule.merge(
          symbols[best], symbols[best + 1], bytes, from: starts[best], to: starts[best + 2])
      }
    }
    symbols.removeLast(symbols.count - count)
    starts.removeLast(starts.count - count - 1)
  }

  private mutating func mergeLong(_ bytes: borrowing Span<UInt8>, _ rule: some MergeRule) {
    let count = symbols.count
    let end = starts[count]
    previous = (0..<count).map { Int32($0 - 1) }
    next = (0..<count).map { Int32($0 + 1) }
    pairs.append(noMerge)
    heap = (0..<count).compactMap {
      pairs[$0] == noMerge ? nil : pairs[$0] & priorityMask | UInt64($0)
    }
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    while let top = popLowest() {
      let left = Int(top & 0xFFFF_FFFF)
      // An entry is out of date once its left symbol has another partner or is gone.
      guard pairs[left] != noMerge, pairs[left] >> 32 == top >> 32 else { continue }
      let right = Int(next[left])
      symbols[left] = Int32(truncatingIfNeeded: pairs[left])
      pairs[right] = noMerge
      next[left] = next[right]
      if Int(next[left]) < count { previous[Int(next[left])] = Int32(left) }
      next[right] = -1
      update(left, count, end, bytes, rule)
      if previous[left] >= 0 { update(Int(previous[left]), count, end, bytes, rule) }
    }
    var kept = 0
    var index = 0
    while index < count {
      symbols[kept] = symbols[index]
      starts[kept] = starts[index]
      kept += 1
      index = Int(next[index])
    }
    starts[kept] = end
    symbols.removeLast(count - kept)
    starts.removeLast(count - kept)
    if count > 1 << 16 { (heap, previous, next, pairs) = ([], [], [], []) }
  }

  /// Finds what symbol `left` and its neighbour merge into now, and puts the pair into the heap.
  private mutating func update(
    _ left: Int, _ count: Int, _ end: Int, _ bytes: borrowing Span<UInt8>, _ rule: some MergeRule
  ) {
    let right = Int(next[left])
    guard right < count else {
      pairs[left] = noMerge
      return
    }
    let after = Int(next[right])
    pairs[left] = rule.merge(
      symbols[left], symbols[right], bytes, from: starts[left],
      to: after < count ? starts[after] : end)
    if pairs[left] == noMerge { return }
    heap.append(pairs[left] & priorityMask | UInt64(left))
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func popLowest() -> UInt64? {
    guard let last = heap.popLast() else { return nil }
    guard let lowest = heap.first else { return last }
    heap[0] = last
    sink(0)
    return lowest
  }

  private mutating func sink(_ start: Int) {
    var parent = start
    while true {
      var child = parent * 2 + 1
      if child >= heap.count { return }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if heap[parent] <= heap[child] { return }
      heap.swapAt(parent, child)
      parent = child
    }
  }
}
