// One forward pass of the engine: whose tokens it takes, and what is chosen after them.

import TensorCore
import Tokenizer

/// Filled anew for each step; its arrays keep their memory, so that a token takes none.
final class EngineStep {
  /// Tokens of one sequence in a forward pass.
  struct Slice {
    let sequence: EngineSequence
    let memory: SequenceMemory
    let count: Int
  }

  private(set) var slices: [Slice] = []
  /// Rows of sequences that decode.
  private(set) var decodingCount = 0
  /// Rows of all slices.
  private(set) var rowCount = 0
  private let batch = Batch()
  /// The sequence and position of each row that wants logits, and what was chosen by them.
  private var ends: [(sequence: EngineSequence, position: Int)] = []
  private var chosen: [TokenID] = []
  /// The sequence of each row that wants a hidden state.
  private var pooled: [EngineSequence] = []
  /// Logits of a row for each thread that chooses.
  private var logits: [[Float]]

  init(threadCount: Int) { logits = Array(repeating: [], count: threadCount) }

  /// Begins anew, and lets go of the sequences.
  func removeAll() {
    slices.removeAll(keepingCapacity: true)
    (decodingCount, rowCount) = (0, 0)
    batch.removeAll()
    ends.removeAll(keepingCapacity: true)
    chosen.removeAll(keepingCapacity: true)
    pooled.removeAll(keepingCapacity: true)
  }

  /// Takes the next `count` tokens of a sequence into the pass.
  func append(_ sequence: EngineSequence, _ memory: SequenceMemory, count: Int) {
    if sequence.isDecoding { decodingCount += count }
    rowCount += count
    slices.append(Slice(sequence: sequence, memory: memory, count: count))
  }

  /// Blocks that the slices need of the pool.
  var blocksNeeded: Int { slices.reduce(0) { $0 + $1.memory.blocksNeeded(for: $1.count) } }

  /// Takes positions for the slices, and writes their rows.
  func takePositions() throws(ModelError) {
    for slice in slices {
      for position in try slice.memory.append(slice.count) {
        let wanted = slice.sequence.wanted(at: position)
        batch.append(
          Row(.token(slice.sequence.token(at: position)), position: position, wanted: wanted),
          of: slice.memory)
        switch wanted {
        case .logits: ends.append((slice.sequence, position))
        case .hiddenState: pooled.append(slice.sequence)
        case .nothing: break
        }
      }
    }
  }

  /// Computes the rows, and chooses the next token after each that wants logits.
  func forward(_ model: Model, _ workspace: Workspace) {
    chosen.append(contentsOf: repeatElement(EngineSequence.noToken, count: ends.count))
    var (stateCount, logitCount) = (0, 0)
    let pass = Pass(batch: batch, workspace: workspace, compute: model.compute)
    model.decoder.forward(pass) { states, count in
      for row in 0..<count {
        pooled[stateCount + row].pool(states.read(row: row, count: model.info.embeddingLength))
      }
      stateCount += count
    } logits: { rows, count in
      let first = logitCount
      logitCount += count
      model.compute.pool.fill(&chosen, first..<logitCount, scratch: &logits) { index, logits in
        rows.read(row: index - first, count: model.info.vocabularyCount, into: &logits)
        let end = self.ends[index]
        return end.sequence.choose(&logits, after: end.position)
      }
    }
  }

  /// Calls `body` with each sequence that goes on and what was chosen for it: its next token, and
  /// perhaps some that were guessed.
  func forEachChoice(_ body: (EngineSequence, ArraySlice<TokenID>) -> Void) {
    var first = 0
    while first < ends.count {
      let sequence = ends[first].sequence
      let end = ends[first...].firstIndex { $0.sequence !== sequence } ?? ends.count
      let next = chosen[first..<end].drop { $0 == EngineSequence.noToken }
      if !next.isEmpty { body(sequence, next) }
      first = end
    }
  }
}
