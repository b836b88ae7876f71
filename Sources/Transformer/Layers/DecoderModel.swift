// A model from tokens to logits or to hidden states, whatever its family.

package import TensorCore

/// Embedding, layers and head.
package struct DecoderModel: Sendable {
  package let embedding: TokenEmbedding
  /// What tokens tell each layer beside their embedding.
  var layerInputs: LayerInputs?
  package let blocks: DecoderBlocks
  /// The rotary embeddings that layers use by index.
  package let rotaries: [RotaryEmbedding]
  package let head: OutputHead

  /// The sizes of a forward pass over sequences of so many tokens.
  func workspaceShape(contextLength: Int) -> WorkspaceShape {
    var shape = WorkspaceShape(
      width: embedding.table.columnCount, contextLength: contextLength)
    blocks.size(&shape)
    head.size(&shape)
    layerInputs?.size(&shape)
    // Layers that turn nothing are handed rows of nothing.
    shape.angleCounts = rotaries.isEmpty ? [0] : rotaries.map(\.dimensionCount)
    return shape
  }

  /// Takes the batch through all layers and calls `body` with the logits of the rows that want
  /// them, `[rows, vocabulary]`, a few rows at a time and in order.
  func forward(_ pass: Pass, _ body: (_ logits: FloatRows, _ rows: Int) throws -> Void) rethrows {
    try head.forward(hidden(of: pass), body)
  }

  /// Takes the batch through all layers and calls `states` with what `hiddenStates` gives, then
  /// `logits` with what `forward` gives.
  func forward(
    _ pass: Pass, states: (_ states: FloatRows, _ rows: Int) -> Void,
    logits: (_ logits: FloatRows, _ rows: Int) -> Void
  ) {
    let pass = hidden(of: pass)
    head.hiddenStates(pass, states)
    head.forward(pass, logits)
  }

  /// Takes the batch through all layers and calls `body` with the hidden states of the rows that want
  /// them, `[rows, width]`, after the last norm and in order.
  func hiddenStates(
    _ pass: Pass, _ body: (_ states: FloatRows, _ rows: Int) throws -> Void
  ) rethrows {
    try head.hiddenStates(hidden(of: pass), body)
  }

  /// Takes the batch through all layers; the pass of the rows that want anything.
  private func hidden(of pass: Pass) -> Pass {
    for (angles, rotary) in zip(pass.workspace.angles, rotaries) {
      for (index, row) in pass.batch.rows.enumerated() {
        rotary.writeAngles(at: row.position, to: angles, row: index)
      }
    }
    embedding.forward(pass)
    layerInputs?.forward(pass)
    return blocks.forward(pass)
  }
}

extension WeightLoader {
  /// Reads a decoder; all tensors of the file must have been taken then.
  ///
  /// - Parameters:
  ///   - headNorm: the name of the norm before the head.
  ///   - logitCap: what logits stay below; 0 where they are not capped.
  ///   - sum: what is added to embeddings.
  ///   - layerInputs: what tokens tell each layer.
  ///   - layer: gives one layer.
  func decoder(
    rotaries: [RotaryEmbedding], embeddingScale: Float = 1, sum: EmbeddingSum? = nil,
    headNorm: String = "output_norm.weight", logitScale: Float = 1, logitCap: Float = 0,
    layerInputs: LayerInputs? = nil, _ layer: (_ index: Int) throws -> DecoderLayer
  ) throws -> DecoderModel {
    let table = try embeddings()
    let blocks = try DecoderBlocks(count: hyperparameters.blockCount, layer)
    let head = try OutputHead(self, norm: headNorm, scale: logitScale, softCap: logitCap)
    try finish()
    return DecoderModel(
      embedding: TokenEmbedding(table!, scale: embeddingScale, sum: sum),
      layerInputs: layerInputs, blocks: blocks, rotaries: rotaries, head: head)
  }

  /// Reads an encoder; all tensors of the file must have been taken then.
  ///
  /// - Parameters:
  ///   - sum: what is added to embeddings.
  ///   - norm: the last norm; nil where layers end with one.
  ///   - dense: products behind it.
  ///   - layer: gives one layer.
  func encoder(
    rotaries: [RotaryEmbedding], embeddingScale: Float = 1, sum: EmbeddingSum? = nil,
    norm: Norm? = nil, dense: [Projection] = [], _ layer: (_ index: Int) throws -> DecoderLayer
  ) throws -> DecoderModel {
    let table = try embeddings()
    let blocks = try DecoderBlocks(count: hyperparameters.blockCount, layer)
    try finish()
    return DecoderModel(
      embedding: TokenEmbedding(table!, scale: embeddingScale, sum: sum), blocks: blocks,
      rotaries: rotaries, head: OutputHead(norm: norm, dense: dense))
  }
}
