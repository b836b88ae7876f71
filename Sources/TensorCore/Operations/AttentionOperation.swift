// Attention of a batch: heads turned and stored, then attended, on all threads.

package import KernelInterface

/// One layer's key-value cache of one sequence.
package struct LayerCache: @unchecked Sendable {
  package let shape: CacheShape
  package let headCount: Int
  /// `blocks[i]` holds positions `32 i ..< 32 i + 32` of all heads; blocks may lie anywhere.
  package let blocks: UnsafePointer<UnsafeMutableRawPointer>

  package init(
    shape: CacheShape, headCount: Int, blocks: UnsafePointer<UnsafeMutableRawPointer>
  ) {
    self.shape = shape
    self.headCount = headCount
    self.blocks = blocks
  }
}

/// Rows of one sequence at consecutive places of a batch.
package struct AttentionRun {
  package var rows: Range<Int>
  /// The position of each row of the run.
  package var positions: [Int]
  package var cache: LayerCache
  /// Positions of the sequence that are in the cache when the rows attend.
  package var end: Int

  /// - Parameter end: nil where the sequence ends with these rows.
  package init(rows: Range<Int>, positions: [Int], cache: LayerCache, end: Int? = nil) {
    self.rows = rows
    self.positions = positions
    self.cache = cache
    self.end = end ?? (positions.last ?? -1) + 1
  }
}

/// Memory that attention needs while it runs.
package struct AttentionScratch {
  /// `AttentionScratch.floatCount(heads)` floats for each thread.
  package let threads: FloatRows
  /// The states of rows that several threads share, as much as there is room for.
  package let states: FloatRows
  package let stateRowCount: Int

  package init(threads: FloatRows, states: FloatRows, stateRowCount: Int) {
    self.threads = threads
    self.states = states
    self.stateRowCount = stateRowCount
  }

  /// Floats for one thread.
  package static func floatCount(_ heads: AttentionHeads) -> Int {
    attentionScratchCount(shape(heads)) + 3 * boundCount
  }

  /// Floats of the states of one row of a batch, all heads, after the spans of so many positions.
  package static func stateCount(_ heads: AttentionHeads, positions: Int) -> Int {
    let spanPositions = attentionSpanBlockCount * cacheBlockPositionCount
    return (positions + spanPositions - 1) / spanPositions * heads.headCount
      * attentionStateCount(shape(heads))
  }

  /// Tokens whose bounds a thread keeps.
  static let boundCount = attentionRowCount

  private static func shape(_ heads: AttentionHeads) -> CacheShape {
    CacheShape(format: .F32, keyLength: heads.keyLength, valueLength: heads.valueLength)
  }
}

extension Compute {
  /// Norms and turns queries and keys, and writes keys and values to the cache.
  ///
  /// - Parameters:
  ///   - angles: cosines and sines of each row's position, as `RotaryEmbedding.writeAngles` leaves them.
  ///   - runs: their rows follow one another.
  package func storeHeads(
    _ heads: AttentionHeads, query: FloatRows, key: FloatRows, value: FloatRows,
    angles: FloatRows, runs: [AttentionRun]
  ) {
    forEachRow(of: runs) { row, cache, position in
      prepareQueries(heads, query, angles, row: row, at: position)
      normTogether(key.row(row), heads.keyNorm)
      for head in 0..<heads.keyValueHeadCount {
        let keys = key.row(row) + head * heads.keyLength
        let values = value.row(row) + head * heads.valueLength
        prepare(keys, head, heads.keyNorm, heads, angles.row(row))
        if let norm = heads.valueNorm { apply(norm, to: values, into: values) }
        kernels.append(
          cache.shape, keys, values,
          cache.blocks[position / cacheBlockPositionCount] + head * cache.shape.headBytes,
          position % cacheBlockPositionCount)
      }
    }
  }

  /// Norms and turns queries, where keys and values are in the cache already.
  package func prepareQueries(
    _ heads: AttentionHeads, _ query: FloatRows, angles: FloatRows, runs: [AttentionRun]
  ) {
    forEachRow(of: runs) { row, _, position in
      prepareQueries(heads, query, angles, row: row, at: position)
    }
  }

  /// Runs `body` for each row with the cache of its sequence and its position.
  private func forEachRow(
    of runs: [AttentionRun], _ body: (_ row: Int, _ cache: LayerCache, _ position: Int) -> Void
  ) {
    guard let end = runs.last?.rows.upperBound else { return }
    let start = runs[0].rows.lowerBound
    forEachRow(end - start) { index in
      let row = start + index
      var number = 0
      while runs[number].rows.upperBound <= row { number += 1 }
      body(row, runs[number].cache, runs[number].positions[row - runs[number].rows.lowerBound])
    }
  }

  private func prepareQueries(
    _ heads: AttentionHeads, _ query: FloatRows, _ angles: FloatRows, row: Int, at position: Int
  ) {
    let queries = query.row(row)
    normTogether(queries, heads.queryNorm)
    for head in 0..<heads.headCount {
      prepare(
        queries + head * heads.keyLength, head, heads.queryNorm, heads, angles.row(row))
    }
    if let factor = heads.temperature?.factor(at: position), factor != 1 {
      for index in 0..<heads.headCount * heads.keyLength { queries[index] *= factor }
    }
  }

  /// The norm of all heads' values of a row together, where it is one.
  private func normTogether(_ row: UnsafeMutablePointer<Float>, _ norm: HeadNorm?) {
    if let norm, norm.isTogether { apply(norm.norm, to: row, into: row) }
  }

  private func prepare(
    _ values: UnsafeMutablePointer<Float>, _ head: Int, _ norm: HeadNorm?,
    _ heads: AttentionHeads, _ angles: UnsafePointer<Float>
  ) {
    if heads.turnsBeforeNorm { heads.rotary?.rotate(values, angles: angles) }
    if let norm, !norm.isTogether {
      let isOwn = norm.norm.count > heads.keyLength
      apply(
        norm.norm, from: isOwn ? head * heads.keyLength : 0, count: heads.keyLength, to: values,
        into: values)
    }
    if !heads.turnsBeforeNorm { heads.rotary?.rotate(values, angles: angles) }
  }

  /// Attends and writes `[headCount × valueLength]` a row to `output`.
  package func attend(
    _ heads: AttentionHeads, query: FloatRows, output: FloatRows, runs: [AttentionRun],
    scratch: AttentionScratch
  ) {
    // A short context is not worth a region, nor a plan.
    if let run = runs.first, runs.count == 1, run.rows.count == 1,
      run.positions[0] * heads.headCount < 512
    {
      for head in 0..<heads.keyValueHeadCount {
        let item = AttentionItem(run: 0, tokens: 0..<1, head: head)
        attend(heads, run, item, query, output, scratch, 0)
      }
      return
    }
    // One region for all runs.
    let plan = AttentionPlan(heads, runs, threads: pool.threadCount, scratch: scratch)
    pool.forEach(plan.items.count, isEven: false) { range, worker in
      for index in range {
        let item = plan.items[index]
        attend(heads, runs[item.run], item, query, output, scratch, worker)
      }
    }
    for split in plan.splits { combine(heads, runs[split.run], split, scratch.states, output) }
  }

  private func attend(
    _ heads: AttentionHeads, _ run: AttentionRun, _ item: AttentionItem, _ query: FloatRows,
    _ output: FloatRows, _ memory: AttentionScratch, _ worker: Int
  ) {
    let group = heads.groupCount
    let scratch = memory.threads.row(worker)
    let starts = UnsafeMutableRawPointer(scratch)
      .bindMemory(to: Int32.self, capacity: 3 * AttentionScratch.boundCount)
    let ends = starts + AttentionScratch.boundCount
    let positions = ends + AttentionScratch.boundCount
    for (index, token) in item.tokens.enumerated() {
      let visible = heads.visible(from: run.positions[token], end: run.end)
      starts[index] = Int32(visible.lowerBound)
      ends[index] = Int32(visible.upperBound)
      positions[index] = Int32(run.positions[token])
    }
    let row = run.rows.lowerBound + item.tokens.lowerBound
    let target: AttentionCall.Target =
      if let (offset, spans) = item.states {
        .states(memory.states.base + offset, spans: spans)
      } else {
        .output(
          output.row(row) + item.head * group * heads.valueLength, stride: output.stride)
      }
    kernels.attention(
      AttentionCall(
        shape: run.cache.shape, tokenCount: item.tokens.count, groupCount: group,
        queries: query.row(row) + item.head * group * heads.keyLength, queryStride: query.stride,
        scale: heads.scale, blocks: run.cache.blocks,
        headOffset: item.head * run.cache.shape.headBytes, starts: starts, ends: ends,
        softCap: heads.softCap, sinks: heads.sinks.map { $0.values + item.head * group },
        distances: heads.slopes.map {
          AttentionCall.Distances(slopes: $0.values + item.head * group, positions: positions)
        },
        scratch: scratch + 3 * AttentionScratch.boundCount,
        target: target))
  }

  /// Puts the states of a split together.
  private func combine(
    _ heads: AttentionHeads, _ run: AttentionRun, _ split: AttentionSplit, _ states: FloatRows,
    _ output: FloatRows
  ) {
    let shape = run.cache.shape
    let group = heads.groupCount
    let stateCount = attentionStateCount(shape)
    for row in 0..<split.tokenCount * group {
      let target = output.row(run.rows.lowerBound + row / group)
      kernels.combine(
        shape, states.base + split.states + row * stateCount, split.spanCount,
        split.tokenCount * group * stateCount,
        heads.sinks.map { $0.values + split.head * group + row % group },
        target + (split.head * group + row % group) * heads.valueLength)
    }
  }
}
