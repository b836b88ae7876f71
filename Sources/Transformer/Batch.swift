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
  /// Which of the batch's memories the row belongs to.
  package var sequence: Int
  package var position: Int
  package var wanted: Wanted

  package init(_ input: Input, sequence: Int, position: Int, wanted: Wanted) {
    self.input = input
    self.sequence = sequence
    self.position = position
    self.wanted = wanted
  }
}

/// Rows for one forward pass, those of a sequence side by side and in order of position.
package struct Batch {
  package private(set) var rows: [Row]
  package let memories: [SequenceMemory]
  private let runs: [(rows: Range<Int>, positions: [Int], memory: SequenceMemory)]

  /// Positions must have been taken with `SequenceMemory.append`.
  package init(_ rows: [Row], memories: [SequenceMemory]) {
    self.rows = rows
    self.memories = memories
    var runs: [(Range<Int>, [Int], SequenceMemory)] = []
    var first = 0
    while first < rows.count {
      var end = first + 1
      while end < rows.count, rows[end].sequence == rows[first].sequence { end += 1 }
      runs.append((first..<end, rows[first..<end].map(\.position), memories[rows[first].sequence]))
      first = end
    }
    self.runs = runs
  }

  /// The runs of rows with their states of `layer`.
  package func recurrentRuns(layer: Int) -> [RecurrentRun] {
    runs.map {
      RecurrentRun(
        rows: $0.rows, firstPosition: $0.positions[0], blocks: $0.memory.states(layer))
    }
  }

  /// The runs of rows with their caches of `layer`.
  package func attentionRuns(layer: Int) -> [AttentionRun] {
    runs.map {
      AttentionRun(rows: $0.rows, positions: $0.positions, cache: $0.memory.cache(layer))
    }
  }
}
