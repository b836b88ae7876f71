// The stack that most decoders are: attention and feed-forward, layer after layer.

import TensorCore

/// Layers of attention and feed-forward blocks, each adding to the residual stream.
package struct DecoderBlocks: Sendable {
  package let layers: [(attention: AttentionLayer, feedForward: FeedForwardLayer)]

  /// Builds `count` layers; `layer` gives the blocks of one.
  package init(
    count: Int, _ layer: (_ index: Int) throws -> (AttentionLayer, FeedForwardLayer)
  ) rethrows {
    layers = try (0..<count).map { try layer($0) }
  }

  /// What one layer after another keeps of a position.
  package var memories: [LayerMemoryShape] { layers.map(\.attention.memory) }

  /// Makes room for all layers.
  package func size(_ shape: inout WorkspaceShape) {
    for layer in layers {
      layer.attention.size(&shape)
      layer.feedForward.size(&shape)
    }
  }

  package func forward(_ pass: Pass) {
    for (index, layer) in layers.enumerated() {
      layer.attention.forward(pass, layer: index)
      layer.feedForward.forward(pass)
    }
  }
}
