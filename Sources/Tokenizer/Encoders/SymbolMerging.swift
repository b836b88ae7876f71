// Merging the symbols of one word, best pair first, leftmost first among equals.
//
// Short words: look at all pairs each time, which is quickest for a handful. Long ones: a heap of
// pairs and links between symbols, so that a megabyte without a border takes time in proportion.

/// The symbols of a word while they are merged. Kept between words for its storage.
struct SymbolMerging {
  /// How many symbols there are; the lists may be longer.
  private(set) var count = 0
  /// The symbols, left to right; -1 for what no symbol spells.
  private(set) var symbols: [Int32] = []
  /// Where each symbol starts; one more entry says where the last ends.
  private(set) var starts: [Int] = []
  /// For each symbol, what it and its right neighbour merge into.
  private var pairs: [UInt64] = []

  private static let longWord = 48

  /// Starts a word of at most `most` symbols.
  mutating func begin(most: Int) {
    count = 0
    if symbols.count > 1 << 16, most < 1 << 16 { self = SymbolMerging() }
    if most < symbols.count { return }
    let size = max(64, most + 1)
    symbols = [Int32](repeating: 0, count: size)
    starts = [Int](repeating: 0, count: size)
    pairs = [UInt64](repeating: 0, count: size)
  }

  /// Adds a symbol that starts at `start`.
  @inline(__always)
  mutating func append(_ symbol: Int32, start: Int) {
    symbols[count] = symbol
    starts[count] = start
    count += 1
  }

  /// Merges the symbols added, of a word that ends at `end`, as far as `rule` goes.
  mutating func merge(_ bytes: [UInt8], to end: Int, _ rule: borrowing some MergeRule) {
    starts[count] = end
    if count < 2 { return }
    let span = bytes.span
    for index in 0..<count - 1 {
      pairs[index] = rule.merge(
        symbols[index], symbols[index + 1], span, from: starts[index], to: starts[index + 2])
    }
    if count < Self.longWord {
      mergeShort(span, rule)
    } else {
      mergeLong(span, rule)
    }
  }

  private mutating func mergeShort(
    _ bytes: borrowing Span<UInt8>, _ rule: borrowing some MergeRule
  ) {
    var count = count
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
    self.count = count
  }

  private mutating func mergeLong(
    _ bytes: borrowing Span<UInt8>, _ rule: borrowing some MergeRule
  ) {
    let end = starts[count]
    var previous = (0..<count).map { Int32($0 - 1) }
    var next = (0..<count).map { Int32($0 + 1) }
    pairs[count - 1] = noMerge
    var heap = PairHeap(
      (0..<count).compactMap {
        pairs[$0] == noMerge ? nil : pairs[$0] & priorityMask | UInt64($0)
      })
    while let top = heap.popLowest() {
      let left = Int(top & ~priorityMask)
      // An entry is out of date once its left symbol has another partner or is gone.
      guard pairs[left] != noMerge, pairs[left] >> 32 == top >> 32 else { continue }
      let right = Int(next[left])
      symbols[left] = Int32(truncatingIfNeeded: pairs[left])
      pairs[right] = noMerge
      next[left] = next[right]
      if Int(next[left]) < count { previous[Int(next[left])] = Int32(left) }
      for first in [left, Int(previous[left])] where first >= 0 {
        let second = Int(next[first])
        pairs[first] = noMerge
        guard second < count else { continue }
        let after = Int(next[second])
        pairs[first] = rule.merge(
          symbols[first], symbols[second], bytes, from: starts[first],
          to: after < count ? starts[after] : end)
        if pairs[first] != noMerge { heap.insert(pairs[first] & priorityMask | UInt64(first)) }
      }
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
    count = kept
  }
}

/// Numbers of which the lowest is found first.
private struct PairHeap {
  private var heap: [UInt64]

  init(_ numbers: [UInt64]) {
    heap = numbers
    for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  mutating func insert(_ number: UInt64) {
    heap.append(number)
    var child = heap.count - 1
    while child > 0, heap[(child - 1) / 2] > number {
      heap[child] = heap[(child - 1) / 2]
      child = (child - 1) / 2
    }
    heap[child] = number
  }

  mutating func popLowest() -> UInt64? {
    guard let last = heap.popLast() else { return nil }
    guard let lowest = heap.first else { return last }
    heap[0] = last
    sink(0)
    return lowest
  }

  private mutating func sink(_ start: Int) {
    let number = heap[start]
    var parent = start
    while true {
      var child = parent * 2 + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if number <= heap[child] { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = number
  }
}
