// Several timelines on a model, computed in one pass: what measurements of batches need.

package import Tokenizer

/// Sequences under evaluation side by side, each with its own memory. Calls block until they are done.
///
/// Not thread-safe, and not for Swift's cooperative pool: use a thread of your own.
package final class BatchSession {
  private let model: Model
  private let contextLength: Int
  private let memories: [SequenceMemory]
  private let workspace: Workspace
  private let batch = Batch()

  /// Rows that one forward pass takes, at least.
  private static let leastRows = 256

  /// - Parameters:
  ///   - sequences: their number, at least 1.
  ///   - contextLength: tokens that each may hold.
  /// - Throws: `AllocationError`, or `ModelError` where the model knows fewer positions.
  package init(_ model: Model, sequences: Int, contextLength: Int) throws {
    try model.checkPositions(contextLength)
    self.model = model
    self.contextLength = contextLength
    let layers = model.decoder.blocks.memories
    let format = model.cacheFormat.stored
    let each = BlockLayout(layers, format).roomBlockCount(positions: contextLength)
    let pool = try BlockPool(layers: layers, format: format, blockCount: sequences * each)
    memories = (0..<sequences).map { _ in SequenceMemory(pool, capacity: contextLength) }
    workspace = try Workspace(
      model.decoder.workspaceShape(contextLength: contextLength),
      maximumRows: max(Self.leastRows, sequences), threadCount: model.threadCount)
  }

  /// Forgets everything.
  package func reset() {
    for memory in memories { memory.wipe() }
  }

  /// Appends `tokens[i]` to sequence `i` and computes the logits of the last token of each.
  ///
  /// - Throws: `ModelError` when a context would be full; nothing is appended then.
  package func evaluate(_ tokens: [[TokenID]]) throws {
    // Before any position is taken: all that a memory has are computed.
    for (memory, tokens) in zip(memories, tokens) {
      let used = memory.count
      guard tokens.count <= contextLength - used else {
        throw ModelError(
          .contextFull,
          "the context of \(contextLength) tokens is full (\(used) used, \(tokens.count) more)")
      }
    }
    batch.removeAll()
    for (sequence, tokens) in tokens.enumerated() {
      var first = 0
      while first < tokens.count {
        if batch.rows.count == workspace.maximumRows { forward() }
        let end = min(tokens.count, first + workspace.maximumRows - batch.rows.count)
        for position in try memories[sequence].append(end - first) {
          batch.append(
            Row(
              .token(tokens[first]), position: position,
              wanted: first == tokens.count - 1 ? .logits : .nothing),
            of: memories[sequence])
          first += 1
        }
      }
    }
    forward()
  }

  private func forward() {
    guard !batch.rows.isEmpty else { return }
    model.decoder.forward(
      Pass(batch: batch, workspace: workspace, compute: model.compute)
    ) { _, _ in }
    batch.removeAll()
    for memory in memories { memory.dropOldStates() }
  }
}
