// What recurrent layers have in common: runs of rows, and where their states are kept.

import KernelInterface

/// Rows of one sequence at consecutive places of a batch, with the states of a recurrent layer.
///
/// The block of a cache page holds the state after the last position of the page that was computed.
package struct RecurrentRun: @unchecked Sendable {
  package let rows: Range<Int>
  /// The position of the first row; the others follow.
  package let firstPosition: Int
  /// `blocks[i]` belongs to positions `32 i ..< 32 i + 32`.
  private let blocks: UnsafePointer<UnsafeMutableRawPointer>

  package init(
    rows: Range<Int>, firstPosition: Int, blocks: UnsafePointer<UnsafeMutableRawPointer>
  ) {
    self.rows = rows
    self.firstPosition = firstPosition
    self.blocks = blocks
  }

  /// The state of a page.
  func state(page: Int) -> UnsafeMutablePointer<Float> {
    blocks[page].assumingMemoryBound(to: Float.self)
  }

  /// The state before the first row; nil at the beginning of a sequence, where it is zeros.
  var stateBefore: UnsafeMutablePointer<Float>? {
    firstPosition == 0 ? nil : state(page: (firstPosition - 1) / cacheBlockPositionCount)
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
