// Several timelines on a model, computed in one pass: what measurements of batches need.

package import Tokenizer

/// Sequences under evaluation side by side, each with its own memory. Calls block until they are done.
///
/// Not thread-safe, and not for Swift's cooperative pool: use a thread of your own.
package final class BatchSession {
  private let model: Model
  private let memories: [SequenceMemory]
  private let workspace: Workspace

  /// Rows that one forward pass takes, at least.
  private static let leastRows = 256

  /// - Parameters:
  ///   - sequences: their number, at least 1.
  ///   - contextLength: tokens that each may hold.
  /// - Throws: `AllocationError`.
  package init(_ model: Model, sequences: Int, contextLength: Int) throws {
    self.model = model
    let layers = model.architecture.blocks.memories
    let blocks = sequences * BlockPool.pageCount(contextLength) * layers.count
    let pool = try BlockPool(
      layers: layers, format: model.cacheFormat.stored, blockCount: blocks)
    memories = (0..<sequences).map { _ in SequenceMemory(pool, capacity: contextLength) }
    workspace = try Workspace(
      model.architecture.workspaceShape(contextLength: contextLength),
      maximumRows: max(Self.leastRows, sequences), threadCount: model.threadCount)
  }

  /// Forgets everything.
  package func reset() {
    for memory in memories { memory.wipe() }
  }

  /// Appends `tokens[i]` to sequence `i` and computes the logits of the last token of each.
  ///
  /// - Throws: `ModelError` when a context is full.
  package func evaluate(_ tokens: [[TokenID]]) throws {
    var rows: [Row] = []
    for (sequence, tokens) in tokens.enumerated() {
      var first = 0
      while first < tokens.count {
        if rows.count == workspace.maximumRows { forward(&rows) }
        let end = min(tokens.count, first + workspace.maximumRows - rows.count)
        for position in try memories[sequence].append(end - first) {
          rows.append(
            Row(
              .token(tokens[first]), sequence: sequence, position: position,
              wanted: first == tokens.count - 1 ? .logits : .nothing))
          first += 1
        }
      }
    }
    forward(&rows)
  }

  private func forward(_ rows: inout [Row]) {
    guard !rows.isEmpty else { return }
    model.architecture.forward(
      Pass(
        batch: Batch(rows, memories: memories), workspace: workspace, compute: model.compute)
    ) { _, _ in }
    for memory in memories { memory.dropOldStates() }
    rows = []
  }
}
