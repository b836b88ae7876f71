// Attention by online softmax over cache blocks; rows of a call share the loads of keys and values.

import KernelInterface

/// Attention of query rows that share one key-value head.
@Sendable
func attention(_ call: AttentionCall) {
  let rows = call.tokenCount * call.groupCount
  for first in stride(from: 0, to: rows, by: attentionRowCount) {
    AttentionPass(call, first..<min(first + attentionRowCount, rows)).attend()
  }
}

/// Rows of a call on their way through the cache together.
private struct AttentionPass {
  let call: AttentionCall
  /// Rows of the call.
  let rows: Range<Int>
  /// Values of a row's sums.
  let width: Int
  /// The tiles' queries one after another, `[keyLength, tile]` each.
  let queries: UnsafeMutablePointer<Float>
  /// A block's keys, then its values.
  let numbers: UnsafeMutablePointer<Float>
  /// Scores, then their exponentials, `[rows, 32]`.
  let weights: UnsafeMutablePointer<Float>
  /// Sums of the span, and of all spans before it, `[rows, width]`.
  let sums: UnsafeMutablePointer<Float>
  let wholeSums: UnsafeMutablePointer<Float>
  // Of each row: the largest logit and the sum of exponentials, of the span and of those before it;
  // what a block does to them; the positions that it sees.
  let maximum: UnsafeMutablePointer<Float>
  /// `[rows, 16]`: a position adds to the lane of its number.
  let total: UnsafeMutablePointer<Float>
  let wholeMaximum: UnsafeMutablePointer<Float>
  let wholeTotal: UnsafeMutablePointer<Float>
  let shrink: UnsafeMutablePointer<Float>
  let starts: UnsafeMutablePointer<Int32>
  let ends: UnsafeMutablePointer<Int32>
  /// The blocks that a tile sees, at the number of its first row.
  let firstBlocks: UnsafeMutablePointer<Int32>
  let endBlocks: UnsafeMutablePointer<Int32>

  init(_ call: AttentionCall, _ rows: Range<Int>) {
    self.call = call
    self.rows = rows
    width = call.shape.paddedValueLength
    let capacity = (attentionRowCount + 15) / 16 * 16
    var next = call.scratch
    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
      defer { next += count }
      return next
    }
    numbers = take(cacheBlockPositionCount * max(call.shape.keyLength, width))
    queries = take(capacity * call.shape.keyLength)
    weights = take(capacity * cacheBlockPositionCount)
    sums = take(capacity * width)
    wholeSums = take(capacity * width)
    maximum = take(capacity)
    total = take(16 * capacity)
    wholeMaximum = take(capacity)
    wholeTotal = take(capacity)
    shrink = take(capacity)
    let integers = UnsafeMutableRawPointer(take(4 * capacity)).assumingMemoryBound(to: Int32.self)
    starts = integers
    ends = integers + capacity
    firstBlocks = integers + 2 * capacity
    endBlocks = integers + 3 * capacity
    for row in 0..<rows.count {
      let token = (rows.lowerBound + row) / call.groupCount
      starts[row] = call.starts[token]
      ends[row] = call.ends[token]
    }
    forEachTile { first, count in
      let blocks = visibleBlocks(first..<first + count)
      firstBlocks[first] = Int32(blocks.lowerBound)
      endBlocks[first] = Int32(blocks.upperBound)
    }
  }

  func attend() {
    packQueries()
    let blocks = visibleBlocks(0..<rows.count)
    switch call.target {
    case .output(let output, let stride):
      let spans =
        blocks.lowerBound / attentionSpanBlockCount..<(blocks.upperBound - 1)
        / attentionSpanBlockCount + 1
      for span in spans {
        add(span: span, of: blocks)
        addToWhole(isFirst: span == spans.lowerBound)
      }
      write(output: output, stride: stride)
    case .states(let states, let spans):
      for span in spans {
        add(span: span, of: blocks)
        write(states: states, index: span - spans.lowerBound)
      }
    }
  }

  /// Begins anew and takes the blocks of a span that some row sees.
  private func add(span: Int, of visible: Range<Int>) {
    maximum.update(repeating: nothingSeen, count: rows.count)
    total.update(repeating: 0, count: 16 * rows.count)
    sums.update(repeating: 0, count: rows.count * width)
    let first = span * attentionSpanBlockCount
    for block in (first..<first + attentionSpanBlockCount).clamped(to: visible) {
      add(block, next: min(block + 1, visible.upperBound - 1))
    }
  }

  /// The queries times the scale, turned so that a tile finds its rows' numbers side by side.
  private func packQueries() {
    let length = call.shape.keyLength
    forEachTile { first, count in
      let target = queries + first * length
      for r in 0..<count {
        let row = rows.lowerBound + first + r
        let query =
          call.queries + row / call.groupCount * call.queryStride + row % call.groupCount * length
        for d in 0..<length { target[d * count + r] = query[d] * call.scale }
      }
    }
  }

  private func forEachTile(_ body: (_ first: Int, _ count: Int) -> Void) {
    var first = 0
    while first < rows.count {
      let count = tileRowCount(rows.count - first)
      body(first, count)
      first += count
    }
  }

  /// The blocks that some of these rows see.
  private func visibleBlocks(_ rows: Range<Int>) -> Range<Int> {
    var (start, end) = (starts[rows.lowerBound], ends[rows.lowerBound])
    for row in rows {
      start = min(start, starts[row])
      end = max(end, ends[row])
    }
    return Int(start) / cacheBlockPositionCount..<Int(end) / cacheBlockPositionCount + 1
  }

  private func add(_ block: Int, next: Int) {
    let shape = call.shape
    let part = UnsafeRawPointer(call.blocks[block] + call.headOffset)
    if isOneTile, shape.format == .F16, width == shape.valueStride {
      let next = UnsafeRawPointer(call.blocks[next] + call.headOffset)
      score(
        block, CacheNumbers<HalfColumn>(base: part, stride: cacheBlockPositionCount, next: next))
      weigh(Int32(block * cacheBlockPositionCount))
      sum(
        block,
        CacheNumbers<HalfColumn>(
          base: part + shape.keyBytes, stride: width, next: next + shape.keyBytes))
    } else {
      // The numbers are unpacked once for all tiles.
      unpackKeys(shape, part, into: numbers)
      score(
        block, CacheNumbers<SingleColumn>(base: numbers, stride: cacheBlockPositionCount, next: nil)
      )
      weigh(Int32(block * cacheBlockPositionCount))
      unpackValues(shape, part, into: numbers, stride: width)
      sum(block, CacheNumbers<SingleColumn>(base: numbers, stride: width, next: nil))
    }
  }

  private var isOneTile: Bool { tileRowCount(rows.count) == rows.count }

  @inline(__always)
  private func score<Column: FloatColumn>(_ block: Int, _ keys: CacheNumbers<Column>) {
    let length = call.shape.keyLength
    forEachTile { first, count in
      guard block >= firstBlocks[first], block < endBlocks[first] else { return }
      dispatch(
        ScoreTile(
          queries: queries + first * length, keys: keys, length: length,
          scores: weights + first * cacheBlockPositionCount), rows: count)
    }
  }

  @inline(__always)
  private func sum<Column: FloatColumn>(_ block: Int, _ values: CacheNumbers<Column>) {
    forEachTile { first, count in
      guard block >= firstBlocks[first], block < endBlocks[first] else { return }
      dispatch(
        ValueTile(
          weights: weights + first * cacheBlockPositionCount, values: values, width: width,
          shrink: shrink + first, sums: sums + first * width), rows: count)
    }
  }

  /// Makes weights of scores: hides what rows do not see, and takes the exponentials.
  private func weigh(_ base: Int32) {
    let last = Int32(cacheBlockPositionCount) - 1
    for row in 0..<rows.count {
      let scores = weights + row * cacheBlockPositionCount
      let (from, to) = (starts[row] - base, ends[row] - base)
      shrink[row] = 1
      // A row that sees nothing of this block must not be touched by it.
      guard from <= last, to >= 0 else {
        scores.update(repeating: 0, count: cacheBlockPositionCount)
        continue
      }
      var low = loadFloats(scores)
      var high = loadFloats(scores + 16)
      if call.softCap > 0 {
        low = call.softCap * hyperbolicTangent(low / call.softCap)
        high = call.softCap * hyperbolicTangent(high / call.softCap)
      }
      if let distances = call.distances {
        let (number, group) = (rows.lowerBound + row, call.groupCount)
        let first = Float(base &- distances.positions[number / group])
        low -= distances.slopes[number % group] * distance(from: first)
        high -= distances.slopes[number % group] * distance(from: first + 16)
      }
      if from > 0 || to < last {
        low = hiding(low, before: from, after: to)
        high = hiding(high, before: from - 16, after: to - 16)
      }
      let largest = larger(low, high)
      // Seldom: a row's maximum grows with the logarithm of its blocks, and what hangs on a branch that
      // is foreseen waits for nothing.
      if hasNegative(maximum[row] - largest) { raiseMaximum(of: row, to: laneMaximum(largest)) }
      low = exponentialOfNegative(low - maximum[row])
      high = exponentialOfNegative(high - maximum[row])
      store(low, scores)
      store(high, scores + 16)
      let added = low + high
      store(
        multiplyAdd(loadFloats(total + 16 * row), Floats(repeating: shrink[row]), added),
        total + 16 * row)
    }
  }

  @inline(never)
  private func raiseMaximum(of row: Int, to largest: Float) {
    shrink[row] = exponentialOfNegative(Floats(repeating: maximum[row] - largest))[0]
    maximum[row] = largest
  }

  private func addToWhole(isFirst: Bool) {
    for row in 0..<rows.count {
      // A row that sees no number gets none, and nothing that was here before.
      if isFirst { (wholeMaximum[row], wholeTotal[row]) = (nothingSeen, .nan) }
      addState(
        sums + row * width, maximum[row], total(of: row), width: width, to: wholeSums + row * width,
        &wholeMaximum[row], &wholeTotal[row])
    }
  }

  private func total(of row: Int) -> Float { laneSum(loadFloats(total + 16 * row)) }

  private func write(states: UnsafeMutablePointer<Float>, index: Int) {
    let count = attentionStateCount(call.shape)
    for row in 0..<rows.count {
      let target =
        states + (index * call.tokenCount * call.groupCount + rows.lowerBound + row) * count
      target.update(from: sums + row * width, count: width)
      target[width] = maximum[row]
      target[width + 1] = total(of: row)
    }
  }

  private func write(output: UnsafeMutablePointer<Float>, stride: Int) {
    let length = call.shape.valueLength
    for r in 0..<rows.count {
      let row = rows.lowerBound + r
      writeResult(
        wholeSums + r * width, maximum: wholeMaximum[r], total: wholeTotal[r],
        sink: call.sinks?[row % call.groupCount], count: length,
        to: output + row / call.groupCount * stride + row % call.groupCount * length)
    }
  }
}

/// `|first|`, `|first + 1|` and so on.
@inline(__always)
private func distance(from first: Float) -> Floats {
  magnitude(first + Floats(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
}

/// The logits, and -∞ for positions before `first` and after `last`, counted from the first lane's.
@inline(__always)
private func hiding(_ logits: Floats, before first: Int32, after last: Int32) -> Floats {
  let lanes = Integers(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  // All bits of a lane that is hidden.
  let hidden = unsafeBitCast(((lanes &- first) | (last &- lanes)) &>> 31, to: Words.self)
  let bits = (unsafeBitCast(logits, to: Words.self) & ~hidden) | (hidden & 0xFF80_0000)
  return unsafeBitCast(bits, to: Floats.self)
}
