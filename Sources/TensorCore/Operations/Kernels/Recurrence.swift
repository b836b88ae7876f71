// What recurrent layers have in common: runs of rows, and where their states are kept.

import KernelInterface

/// Where one sequence keeps the states of a recurrent layer.
package struct PageStates: @unchecked Sendable {
  /// `blocks[i]` belongs to positions `32 i ..< 32 i + 32`; nil where their state is not kept. The next part's
  /// blocks follow `partDistance` further on.
  fileprivate let blocks: UnsafePointer<UnsafeMutableRawPointer?>
  private let partDistance: Int
  /// Floats of a part.
  package let partLength: Int

  package init(
    blocks: UnsafePointer<UnsafeMutableRawPointer?>, partDistance: Int, partLength: Int
  ) {
    self.blocks = blocks
    self.partDistance = partDistance
    self.partLength = partLength
  }

  /// A part of a page's state; nil where it is not kept.
  package func state(page: Int, part: Int) -> UnsafeMutablePointer<Float>? {
    blocks[part * partDistance + page]?.assumingMemoryBound(to: Float.self)
  }
}

/// Rows of one sequence at consecutive places of a batch, with the states of a recurrent layer.
///
/// The blocks of a cache page hold the state after the last position of the page that was computed. The page
/// before the first row has one, and so has that of the last; others may.
package struct RecurrentRun: @unchecked Sendable {
  package let rows: Range<Int>
  /// The position of the first row; the others follow.
  package let firstPosition: Int
  let states: PageStates

  package init(rows: Range<Int>, firstPosition: Int, states: PageStates) {
    self.rows = rows
    self.firstPosition = firstPosition
    self.states = states
  }

  /// The state before the first row; nil at the beginning of a sequence, where it is zeros.
  func stateBefore(part: Int = 0) -> UnsafeMutablePointer<Float>? {
    firstPosition == 0
      ? nil : states.state(page: (firstPosition - 1) / cacheBlockPositionCount, part: part)
  }

  /// The pages that the rows lie in.
  var pages: ClosedRange<Int> {
    let last = firstPosition + rows.count - 1
    return firstPosition / cacheBlockPositionCount...last / cacheBlockPositionCount
  }

  /// The rows of a page, counted from the first row of the run.
  func rows(of page: Int) -> Range<Int> {
    let first = page * cacheBlockPositionCount - firstPosition
    return max(0, first)..<min(rows.count, first + cacheBlockPositionCount)
  }

  /// Calls `body` for each row of the batch in order, with `count` values of a part of the state, which are
  /// what the row before left: zeros in front of the first.
  func forEachRow(
    part: Int, offset: Int, count: Int,
    _ body: (_ row: Int, _ state: UnsafeMutablePointer<Float>) -> Void
  ) {
    var before = stateBefore(part: part).map { $0 + offset }
    for page in pages {
      // Where a page has no room for its state, the next one that has takes it on.
      var home = page
      while home < pages.upperBound, states.state(page: home, part: part) == nil { home += 1 }
      guard let state = states.state(page: home, part: part).map({ $0 + offset }) else {
        preconditionFailure("the last page of a run keeps no state")
      }
      if let before {
        if before != state { state.update(from: before, count: count) }
      } else {
        state.update(repeating: 0, count: count)
      }
      for row in rows(of: page) { body(row + rows.lowerBound, state) }
      before = state
    }
  }
}

extension RecurrentRun {
  /// Calls `body` for each row of the batch in order, with rows of the matrices of heads, which lie behind the
  /// first part of the state: those of `channels`, counted over all heads, as far as one head's stand together.
  ///
  /// - Parameters:
  ///   - length: values of a matrix's row.
  ///   - headLength: rows of a head's matrix.
  func forEachRow(
    of channels: Range<Int>, length: Int, headLength: Int,
    _ body: (
      _ row: Int, _ head: Int, _ channels: Range<Int>, _ state: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let rowsOfPart = states.partLength / length
    var first = channels.lowerBound
    while first < channels.upperBound {
      let head = first / headLength
      let part = first / rowsOfPart
      let end = min(channels.upperBound, (head + 1) * headLength, (part + 1) * rowsOfPart)
      forEachRow(
        part: 1 + part, offset: first % rowsOfPart * length, count: (end - first) * length
      ) { row, state in
        body(row, head, first..<end, state)
      }
      first = end
    }
  }
}

/// Channels that a thread takes at a time.
private let channelGrain = 64

extension WorkerPool {
  /// Calls `body` for parts of the channels of each run, on all threads. A part takes the rows of its
  /// run in order.
  func forEachPart(
    of runs: [RecurrentRun], channels: Int,
    _ body: (_ run: RecurrentRun, _ channels: Range<Int>) -> Void
  ) {
    let parts = (channels + channelGrain - 1) / channelGrain
    forEach(parts * runs.count) { items, _ in
      for item in items {
        let first = item % parts * channelGrain
        body(runs[item / parts], first..<min(first + channelGrain, channels))
      }
    }
  }
}
