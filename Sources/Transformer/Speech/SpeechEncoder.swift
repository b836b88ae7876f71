// Whisper's encoder (Radford et al. 2022).
//
//   x = convolutions(window) + position
//   each layer:  x += out(attend(q, k, v)), all positions seeing one another
//                x += mlp(norm(x))
//   states = norm(x)

import TensorCore

/// From a window of sound to states, 20 ms each.
struct SpeechEncoder: Sendable {
  let positionCount: Int
  private let convolutions: SpeechConvolutions
  /// `[positions, width]`.
  private let positions: Vector
  private let layers: [(attention: AttentionLayer, feedForward: PlainFeedForwardLayer)]
  private let norm: Norm
  private let heads: AttentionHeads

  init(_ weights: SpeechWeights) throws {
    let h = weights.hyperparameters
    positionCount = h.audioContextLength
    convolutions = try SpeechConvolutions(weights)
    positions = try weights.table(
      "encoder.positional_embedding", rows: h.audioContextLength, columns: h.audioWidth)
    let heads = weights.heads(count: h.audioHeadCount, isCausal: false)
    self.heads = heads
    layers = try (0..<h.audioLayerCount).map { index in
      let name = "encoder.blocks.\(index)"
      return (try weights.attention(name, heads: heads), try weights.feedForward(name))
    }
    norm = try weights.norm("encoder.ln_post")
  }

  /// What it keeps of a window: keys and values of one layer at a time.
  var memory: LayerMemoryShape { heads.memory }

  func size(_ shape: inout WorkspaceShape) {
    convolutions.size(&shape)
    for layer in layers {
      layer.attention.size(&shape)
      layer.feedForward.size(&shape)
    }
  }

  /// Fills `states` `[positions, width]`.
  ///
  /// - Parameters:
  ///   - pass: a row for each position, all of one memory.
  ///   - between: scratch of the convolutions.
  ///   - isCancelled: is asked between layers; true ends with `CancellationError`.
  func forward(
    _ window: SpeechWindow, _ pass: Pass, between: FloatRows, into states: FloatRows,
    isCancelled: () -> Bool
  ) throws(CancellationError) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, positionCount)
    convolutions.forward(window, rows: rows, between: between, workspace, compute)
    compute.add(
      positions, columns: norm.count, at: Array(0..<rows), to: workspace.hidden)
    for layer in layers {
      if isCancelled() { throw CancellationError() }
      layer.attention.store(pass, layer: 0)
      layer.attention.attend(pass, layer: 0, into: workspace.hidden)
      layer.feedForward.forward(pass, into: workspace.hidden)
    }
    compute.apply(norm, to: workspace.hidden, count: rows)
    compute.copy(workspace.hidden, to: states, columns: norm.count, rows: rows)
  }
}
