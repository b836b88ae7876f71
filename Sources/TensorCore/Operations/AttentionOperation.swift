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

  package init(rows: Range<Int>, positions: [Int], cache: LayerCache) {
    self.rows = rows
    self.positions = positions
    self.cache = cache
  }
}

/// The heads of an attention layer.
package struct AttentionHeads: Sendable {
  package var headCount: Int
  package var keyValueHeadCount: Int
  package var keyLength: Int
  package var valueLength: Int
  /// Factor on query · key.
  package var scale: Float
  /// Positions that a row sees, itself included; nil for all.
  package var window: Int?
  /// 0 for none.
  package var softCap: Float = 0
  package var rotary: RotaryEmbedding?
  package var queryNorm: Vector?
  package var keyNorm: Vector?
  package var normEpsilon: Float = 0

  package init(
    headCount: Int, keyValueHeadCount: Int, keyLength: Int, valueLength: Int, scale: Float
  ) {
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    self.keyLength = keyLength
    self.valueLength = valueLength
    self.scale = scale
  }

  /// The tokens of one work item, so that its rows fill the kernel's tiles.
  fileprivate var tokensPerItem: Int { 8 }
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
    guard let end = runs.last?.rows.upperBound else { return }
    let start = runs[0].rows.lowerBound
    forEachRow(end - start) { index in
      let row = start + index
      var number = 0
      while runs[number].rows.upperBound <= row { number += 1 }
      let (cache, position) = (
        runs[number].cache, runs[number].positions[row - runs[number].rows.lowerBound]
      )
      for head in 0..<heads.headCount {
        prepare(query.row(row) + head * heads.keyLength, heads.queryNorm, heads, angles.row(row))
      }
      for head in 0..<heads.keyValueHeadCount {
        let keys = key.row(row) + head * heads.keyLength
        prepare(keys, heads.keyNorm, heads, angles.row(row))
        kernels.append(
          cache.shape, keys, value.row(row) + head * heads.valueLength,
          cache.blocks[position / cacheBlockPositionCount] + head * cache.shape.headBytes,
          position % cacheBlockPositionCount)
      }
    }
  }

  private func prepare(
    _ head: UnsafeMutablePointer<Float>, _ norm: Vector?, _ heads: AttentionHeads,
    _ angles: UnsafePointer<Float>
  ) {
    if let norm { kernels.rmsNorm(head, norm.values, norm.count, heads.normEpsilon, head) }
    heads.rotary?.rotate(head, angles: angles)
  }

  /// Attends and writes `[headCount × valueLength]` a row to `output`.
  ///
  /// - Parameter scratch: `attentionScratchFloats(heads)` floats for each thread, one row each.
  package func attend(
    _ heads: AttentionHeads, query: FloatRows, output: FloatRows, runs: [AttentionRun],
    scratch: FloatRows
  ) {
    // One region for all runs: items of a run are its tiles times the key-value heads.
    let tileCounts = runs.map {
      ($0.rows.count + heads.tokensPerItem - 1) / heads.tokensPerItem
    }
    let items = tileCounts.reduce(0, +) * heads.keyValueHeadCount
    let work = { (item: Int, worker: Int) in
      var number = 0
      var tile = item / heads.keyValueHeadCount
      while tile >= tileCounts[number] {
        tile -= tileCounts[number]
        number += 1
      }
      // Later tiles see more positions and cost more: they go first.
      attend(
        heads, runs[number], tile: tileCounts[number] - 1 - tile,
        head: item % heads.keyValueHeadCount, query, output, scratch.row(worker))
    }
    let isSmall =
      runs.count == 1 && runs[0].rows.count == 1 && runs[0].positions[0] * heads.headCount < 512
    if isSmall {
      for item in 0..<items { work(item, 0) }
    } else {
      pool.forEach(items) { range, worker in for item in range { work(item, worker) } }
    }
  }

  private func attend(
    _ heads: AttentionHeads, _ run: AttentionRun, tile: Int, head: Int, _ query: FloatRows,
    _ output: FloatRows, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let group = heads.headCount / heads.keyValueHeadCount
    let first = tile * heads.tokensPerItem
    let tokens = min(heads.tokensPerItem, run.rows.count - first)
    let rowCount = tokens * group
    let queries = scratch
    let results = queries + heads.tokensPerItem * group * heads.keyLength
    let kernelScratch = results + heads.tokensPerItem * group * heads.valueLength
    let bounds = UnsafeMutableRawPointer(kernelScratch + attentionScratchCount(run.cache.shape))
      .bindMemory(to: Int32.self, capacity: 2 * heads.tokensPerItem * group)
    let ends = bounds + heads.tokensPerItem * group
    for token in 0..<tokens {
      let source =
        query.row(run.rows.lowerBound + first + token) + head * group * heads.keyLength
      let position = run.positions[first + token]
      for member in 0..<group {
        let row = token * group + member
        for d in 0..<heads.keyLength {
          queries[row * heads.keyLength + d] = source[member * heads.keyLength + d] * heads.scale
        }
        bounds[row] = Int32(heads.window.map { max(0, position - $0 + 1) } ?? 0)
        ends[row] = Int32(position)
      }
    }
    kernels.attention(
      AttentionCall(
        shape: run.cache.shape, rowCount: rowCount, queries: queries,
        queryStride: heads.keyLength, blocks: run.cache.blocks,
        headOffset: head * run.cache.shape.headBytes, starts: bounds, ends: ends,
        softCap: heads.softCap, scratch: kernelScratch, output: results,
        outputStride: heads.valueLength))
    for token in 0..<tokens {
      let target =
        output.row(run.rows.lowerBound + first + token) + head * group * heads.valueLength
      target.update(
        from: results + token * group * heads.valueLength, count: group * heads.valueLength)
    }
  }

  /// Floats of scratch that `attend` needs for each thread.
  package static func attentionScratchFloats(_ heads: AttentionHeads) -> Int {
    let rows = heads.tokensPerItem * heads.headCount / heads.keyValueHeadCount
    let shape = CacheShape(
      format: .F32, keyLength: heads.keyLength, valueLength: heads.valueLength)
    return rows * (heads.keyLength + heads.valueLength + 2) + attentionScratchCount(shape) + 16
  }
}
