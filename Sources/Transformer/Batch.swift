// What a forward pass is asked for: rows, each with its sequence, its position and its wish.

package import TensorCore
package import Tokenizer

/// One row of a batch.
package struct Row: Sendable {
  package enum Input: Sendable {
    case token(TokenID)
    /// A vector in place of a token's embedding, `[width]`.
    case embedding([Float])
  }

  /// What the caller needs of the row. Only rows that want logits reach the output head.
  package enum Wanted: Sendable {
    case nothing, hiddenState, logits
  }

  package var input: Input
  package var position: Int
  package var wanted: Wanted

  package init(_ input: Input, position: Int, wanted: Wanted) {
    self.input = input
    self.position = position
    self.wanted = wanted
  }
}

/// Rows for one forward pass, those of a sequence side by side and in order of position.
///
/// It is filled anew for each pass, and keeps its arrays' memory: a pass over one token takes none.
/// One thread at a time.
package final class Batch {
  package private(set) var rows: [Row] = []
  /// The rows that want hidden states, and those that want logits.
  package private(set) var stateRows: [Int] = []
  package private(set) var logitRows: [Int] = []
  /// The rows that want anything.
  package private(set) var wantedRows: [Int] = []
  /// What `ofWantedRows` gave last; it keeps its memory.
  private var wanted: Batch?
  /// The first `runCount` are in use; the others keep the memory of their positions.
  private var runs: [Run] = []
  private var runCount = 0
  private var attentionRuns: [AttentionRun] = []
  private var recurrentRuns: [RecurrentRun] = []

  /// Rows of one sequence.
  private struct Run {
    var memory: SequenceMemory?
    var rows = 0..<0
    var positions: [Int] = []
  }

  package init() {}

  /// Begins anew, and lets go of the sequences' memories.
  package func removeAll() {
    rows.removeAll(keepingCapacity: true)
    stateRows.removeAll(keepingCapacity: true)
    logitRows.removeAll(keepingCapacity: true)
    wantedRows.removeAll(keepingCapacity: true)
    wanted?.removeAll()
    attentionRuns.removeAll(keepingCapacity: true)
    recurrentRuns.removeAll(keepingCapacity: true)
    for index in 0..<runCount { runs[index].memory = nil }
    runCount = 0
  }

  /// Adds a row of the sequence that `memory` belongs to, at a position that was taken with
  /// `SequenceMemory.append`.
  package func append(_ row: Row, of memory: SequenceMemory) {
    if runCount == 0 || runs[runCount - 1].memory !== memory { beginRun(memory) }
    runs[runCount - 1].positions.append(row.position)
    runs[runCount - 1].rows = runs[runCount - 1].rows.lowerBound..<rows.count + 1
    if row.wanted != .nothing { wantedRows.append(rows.count) }
    switch row.wanted {
    case .nothing: break
    case .hiddenState: stateRows.append(rows.count)
    case .logits: logitRows.append(rows.count)
    }
    rows.append(row)
  }

  /// A batch of the rows that want anything, in the same order; nil where all do. Good until this one
  /// changes.
  package func ofWantedRows() -> Batch? {
    guard wantedRows.count < rows.count else { return nil }
    let batch = wanted ?? Batch()
    batch.removeAll()
    for run in runs[..<runCount] {
      guard let memory = run.memory else { continue }
      for row in run.rows where rows[row].wanted != .nothing { batch.append(rows[row], of: memory) }
    }
    wanted = batch
    return batch
  }

  private func beginRun(_ memory: SequenceMemory) {
    if runCount == runs.count { runs.append(Run()) }
    runs[runCount].memory = memory
    runs[runCount].rows = rows.count..<rows.count
    runs[runCount].positions.removeAll(keepingCapacity: true)
    runCount += 1
  }

  /// The runs of rows with their states of `layer`.
  package func recurrentRuns(layer: Int) -> [RecurrentRun] {
    recurrentRuns.removeAll(keepingCapacity: true)
    for run in runs[..<runCount] {
      guard let memory = run.memory else { continue }
      recurrentRuns.append(
        RecurrentRun(
          rows: run.rows, firstPosition: run.positions[0], states: memory.states(layer)))
    }
    return recurrentRuns
  }

  /// The runs of rows with their caches of `layer`.
  package func attentionRuns(layer: Int) -> [AttentionRun] {
    attentionRuns.removeAll(keepingCapacity: true)
    for run in runs[..<runCount] {
      guard let memory = run.memory else { continue }
      attentionRuns.append(
        AttentionRun(
          rows: run.rows, positions: run.positions, cache: memory.cache(layer), end: memory.count))
    }
    return attentionRuns
  }
}
