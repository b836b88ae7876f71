// How the attention of a batch is cut into pieces of work, so that all threads have some.

import KernelInterface

/// Tokens of a run and one key-value head, whole or some spans of their positions.
struct AttentionItem {
  let run: Int
  /// Counted from the first row of the run.
  let tokens: Range<Int>
  let head: Int
  /// Where a call leaves states, and after which spans; nil where it finishes its rows.
  var states: (offset: Int, spans: Range<Int>)?
}

/// Rows whose states several items left, to be put together.
struct AttentionSplit {
  let run: Int
  let head: Int
  let tokenCount: Int
  /// Where they begin.
  let states: Int
  let spanCount: Int
}

/// The items of a batch. What is computed does not depend on how it is cut.
struct AttentionPlan {
  private(set) var items: [AttentionItem] = []
  private(set) var splits: [AttentionSplit] = []

  /// Items for each thread, at least, where the work can be cut into so many.
  private static let itemsPerThread = 6

  init(_ heads: AttentionHeads, _ runs: [AttentionRun], threads: Int, scratch: AttentionScratch) {
    let group = heads.groupCount
    let wanted = Self.itemsPerThread * threads
    let tokenCount = runs.reduce(0) { $0 + $1.rows.count }
    // The most rows that a kernel takes at once share the most; fewer make more items.
    var tileTokens = max(1, attentionRowCount / group)
    while tileTokens > 1, tileTokens * group > 12,
      tokenCount * heads.keyValueHeadCount < wanted * tileTokens
    {
      tileTokens = (tileTokens + 1) / 2
    }
    let tileCount = runs.reduce(0) { $0 + ($1.rows.count + tileTokens - 1) / tileTokens }
    let parts = wanted / max(1, tileCount * heads.keyValueHeadCount)
    var used = 0
    for (index, run) in runs.enumerated() {
      let spans = heads.spans(run)
      let stateCount = run.rows.count * group * attentionStateCount(run.cache.shape)
      let needed = heads.keyValueHeadCount * spans.count * stateCount
      if parts > 1, spans.count > 1, run.rows.count <= tileTokens,
        needed <= scratch.stateRowCount * scratch.states.stride - used
      {
        for head in 0..<heads.keyValueHeadCount {
          let states = used
          used += spans.count * stateCount
          split(index, run, head: head, spans, into: parts, states, stateCount)
        }
      } else {
        // Later tiles see more positions and cost more: they go first.
        let first = (run.rows.count - 1) / tileTokens * tileTokens
        for start in stride(from: first, through: 0, by: -tileTokens) {
          for head in 0..<heads.keyValueHeadCount {
            let tokens = start..<min(start + tileTokens, run.rows.count)
            items.append(AttentionItem(run: index, tokens: tokens, head: head))
          }
        }
      }
    }
  }

  private mutating func split(
    _ index: Int, _ run: AttentionRun, head: Int, _ spans: Range<Int>, into parts: Int,
    _ states: Int, _ stateCount: Int
  ) {
    let grain = (spans.count + parts - 1) / parts
    for first in stride(from: spans.lowerBound, to: spans.upperBound, by: grain) {
      items.append(
        AttentionItem(
          run: index, tokens: 0..<run.rows.count, head: head,
          states: (
            states + (first - spans.lowerBound) * stateCount,
            first..<min(first + grain, spans.upperBound)
          )))
    }
    splits.append(
      AttentionSplit(
        run: index, head: head, tokenCount: run.rows.count, states: states,
        spanCount: spans.count))
  }
}

extension AttentionHeads {
  /// The spans that a run's rows see.
  fileprivate func spans(_ run: AttentionRun) -> Range<Int> {
    let span = attentionSpanBlockCount * cacheBlockPositionCount
    let first = visible(from: run.positions.first ?? 0, end: run.end)
    let last = visible(from: run.positions.last ?? 0, end: run.end)
    return first.lowerBound / span..<last.upperBound / span + 1
  }
}
