// Whisper's decoder (Radford et al. 2022).
//
//   x = embedding[token] + position
//   each layer:  x += out(attend(q, k, v)), over the tokens so far
//                x += out(attend(q, K, V)), over keys and values of the encoder's states
//                x += mlp(norm(x))
//   logits = embedding · norm(x)

import TensorCore

/// From tokens and a window's states to logits.
struct SpeechDecoder: Sendable {
  struct Layer: Sendable {
    let attention: AttentionLayer
    let cross: CrossAttentionLayer
    let feedForward: PlainFeedForwardLayer
  }

  let layers: [Layer]
  let contextLength: Int
  private let embedding: TokenEmbedding
  /// `[positions, width]`.
  private let positions: Vector
  private let head: OutputHead
  private let heads: AttentionHeads

  init(_ weights: SpeechWeights) throws {
    let h = weights.hyperparameters
    contextLength = h.textContextLength
    let (rows, width) = (h.vocabularyCount, h.textWidth)
    let tokens = "decoder.token_embedding.weight"
    let table = try weights.rowTable(tokens, rows: rows, columns: width)
    positions = try weights.table(
      "decoder.positional_embedding", rows: contextLength, columns: width)
    let heads = weights.heads(count: h.textHeadCount, isCausal: true)
    let crossHeads = weights.heads(count: h.textHeadCount, isCausal: false)
    self.heads = heads
    layers = try (0..<h.textLayerCount).map { index in
      let name = "decoder.blocks.\(index)"
      return Layer(
        attention: try weights.attention(name, heads: heads),
        cross: try CrossAttentionLayer(weights, name, heads: crossHeads),
        feedForward: try weights.feedForward(name))
    }
    let norm = try weights.norm("decoder.ln")
    guard let table else {
      try weights.finish()
      throw ModelError(.missingTensor, "\(weights.file.path): lacks the tensor \(tokens)")
    }
    embedding = TokenEmbedding(table)
    head = OutputHead(
      norm: norm, projection: Projection(try weights.matrix(tokens, rows: rows, columns: width)))
  }

  /// What it keeps of the tokens so far, and of a window.
  var memories: [LayerMemoryShape] { layers.map { $0.attention.memory } }
  var crossMemories: [LayerMemoryShape] { layers.map { $0.cross.heads.memory } }

  func size(_ shape: inout WorkspaceShape) {
    for layer in layers {
      layer.attention.size(&shape)
      layer.cross.size(&shape)
      layer.feedForward.size(&shape)
    }
    head.size(&shape)
  }

  /// Takes the rows of a pass, tokens that follow one another, and calls `body` with the logits of
  /// those that want them, in order.
  ///
  /// - Parameters:
  ///   - sound: the memory of the window's keys and values.
  ///   - queries: takes each layer's queries to the sound, `[rows, width]`, good in the call alone.
  func forward(
    _ pass: Pass, sound: SequenceMemory,
    queries: (_ layer: Int, _ rows: FloatRows) -> Void = { _, _ in },
    _ body: (_ logits: FloatRows, _ rows: Int) -> Void
  ) {
    let hidden = pass.workspace.hidden
    embedding.forward(pass)
    pass.compute.add(
      positions, columns: pass.workspace.width, at: pass.batch.rows.map(\.position), to: hidden)
    var pass = pass
    for (index, layer) in layers.enumerated() {
      layer.attention.store(pass, layer: index)
      if index == layers.count - 1 {
        pass = pass.ofWantedRows(projectedWidth: layer.attention.heldWidth)
      }
      guard pass.rowCount > 0 else { return }
      layer.attention.attend(pass, layer: index, into: hidden)
      layer.cross.forward(
        pass, cache: sound.cache(index), end: sound.count, into: hidden
      ) { queries(index, $0) }
      layer.feedForward.forward(pass, into: hidden)
    }
    head.forward(pass, body)
  }
}
