// The stack that decoders are: what mixes positions, and feed-forward, layer after layer.

import TensorCore

/// What mixes the positions of a sequence in a layer.
package enum Mixer: Sendable {
  case attention(AttentionLayer)
  case convolution(ShortConvolutionLayer)
  case scan(SelectiveScanLayer)

  /// What it keeps of a sequence.
  var memory: LayerMemoryShape {
    switch self {
    case .attention(let layer): layer.memory
    case .convolution(let layer): layer.memory
    case .scan(let layer): layer.memory
    }
  }

  func size(_ shape: inout WorkspaceShape) {
    switch self {
    case .attention(let layer): layer.size(&shape)
    case .convolution(let layer): layer.size(&shape)
    case .scan(let layer): layer.size(&shape)
    }
  }

  /// Adds to `target`.
  func forward(_ pass: Pass, layer index: Int, into target: FloatRows) {
    switch self {
    case .attention(let layer): layer.forward(pass, layer: index, into: target)
    case .convolution(let layer): layer.forward(pass, layer: index, into: target)
    case .scan(let layer): layer.forward(pass, layer: index, into: target)
    }
  }
}

/// A layer: a mixer, and in most families a feed-forward block after it.
package struct DecoderLayer: Sendable {
  package let mixer: Mixer
  package let feedForward: FeedForwardLayer?
  /// Whether both read the layer's input, and not the second what the first has added.
  package let isParallel: Bool

  package init(_ mixer: Mixer, _ feedForward: FeedForwardLayer? = nil, isParallel: Bool = false) {
    self.mixer = mixer
    self.feedForward = feedForward
    self.isParallel = isParallel
  }
}

/// Layers that each add to the residual stream.
package struct DecoderBlocks: Sendable {
  package let layers: [DecoderLayer]

  /// Builds `count` layers; `layer` gives one.
  package init(count: Int, _ layer: (_ index: Int) throws -> DecoderLayer) rethrows {
    layers = try (0..<count).map { try layer($0) }
  }

  /// What one layer after another keeps of a position.
  package var memories: [LayerMemoryShape] { layers.map(\.mixer.memory) }

  /// Makes room for all layers.
  package func size(_ shape: inout WorkspaceShape) {
    for layer in layers {
      layer.mixer.size(&shape)
      layer.feedForward?.size(&shape)
      if layer.isParallel { shape.sumWidth = shape.width }
    }
  }

  package func forward(_ pass: Pass) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    for (index, layer) in layers.enumerated() {
      guard layer.isParallel else {
        layer.mixer.forward(pass, layer: index, into: workspace.hidden)
        layer.feedForward?.forward(pass, into: workspace.hidden)
        continue
      }
      compute.copy(workspace.hidden, to: workspace.sum, columns: workspace.width, rows: rows)
      layer.mixer.forward(pass, layer: index, into: workspace.sum)
      layer.feedForward?.forward(pass, into: workspace.sum)
      compute.copy(workspace.sum, to: workspace.hidden, columns: workspace.width, rows: rows)
    }
  }
}
