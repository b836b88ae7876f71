// The stack that decoders are: what mixes positions, and feed-forward, layer after layer.

package import TensorCore

/// What mixes the positions of a sequence in a layer.
package enum Mixer: Sendable {
  case attention(AttentionLayer)
  case latent(LatentAttentionLayer)
  case convolution(ShortConvolutionLayer)
  case scan(SelectiveScanLayer)
  case delta(GatedDeltaLayer)

  /// What it keeps of a sequence.
  var memory: LayerMemoryShape {
    switch self {
    case .attention(let layer): layer.memory
    case .latent(let layer): layer.memory
    case .convolution(let layer): layer.memory
    case .scan(let layer): layer.memory
    case .delta(let layer): layer.memory
    }
  }

  func size(_ shape: inout WorkspaceShape) {
    switch self {
    case .attention(let layer): layer.size(&shape)
    case .latent(let layer): layer.size(&shape)
    case .convolution(let layer): layer.size(&shape)
    case .scan(let layer): layer.size(&shape)
    case .delta(let layer): layer.size(&shape)
    }
  }

  /// Takes all rows into what is kept of their sequences. What is recurrent adds to `target` as it goes.
  func store(_ pass: Pass, layer index: Int, into target: FloatRows) {
    switch self {
    case .attention(let layer): layer.store(pass, layer: index)
    case .latent(let layer): layer.store(pass, layer: index)
    case .convolution(let layer): layer.forward(pass, layer: index, into: target)
    case .scan(let layer): layer.forward(pass, layer: index, into: target)
    case .delta(let layer): layer.forward(pass, layer: index, into: target)
    }
  }

  /// Adds to `target` what `store` has not.
  func finish(_ pass: Pass, layer index: Int, into target: FloatRows) {
    switch self {
    case .attention(let layer): layer.attend(pass, layer: index, into: target)
    case .latent(let layer): layer.attend(pass, layer: index, into: target)
    case .convolution, .scan, .delta: break
    }
  }

  /// What stands in `workspace.projected` between the two, in values of a row.
  var heldWidth: Int {
    switch self {
    case .attention(let layer): layer.heldWidth
    case .latent(let layer): layer.queryWidth
    case .convolution, .scan, .delta: 0
    }
  }
}

/// What a layer does with each row by itself.
package protocol FeedForward: Sendable {
  /// Makes room for it.
  func size(_ shape: inout WorkspaceShape)

  /// Adds to `target` what it makes of `workspace.hidden`, or norms it.
  func forward(_ pass: Pass, into target: FloatRows)
}

/// A layer: a mixer, in most families a feed-forward block after it, and in some more blocks.
package struct DecoderLayer: Sendable {
  package let mixer: Mixer
  package let feedForward: (any FeedForward)?
  /// What stands behind both.
  package let others: [any FeedForward]
  /// Whether both read the layer's input, and not the second what the first has added.
  package let isParallel: Bool

  package init(
    _ mixer: Mixer, _ feedForward: (any FeedForward)? = nil, others: [any FeedForward] = [],
    isParallel: Bool = false
  ) {
    self.mixer = mixer
    self.feedForward = feedForward
    self.others = others
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
      for block in layer.others { block.size(&shape) }
      if layer.isParallel { shape.sumWidth = shape.width }
    }
  }

  /// Takes the pass through all layers.
  ///
  /// - Returns: the pass of the rows that somebody wants something of, which `workspace.hidden` holds then.
  ///   The last layer is computed for them alone: of the others it keeps keys and values, and a prompt
  ///   wants one row.
  package func forward(_ pass: Pass) -> Pass {
    var pass = pass
    let workspace = pass.workspace
    for (index, layer) in layers.enumerated() {
      let target = layer.isParallel ? workspace.sum : workspace.hidden
      if layer.isParallel { copy(workspace.hidden, to: workspace.sum, pass) }
      layer.mixer.store(pass, layer: index, into: target)
      if index == layers.count - 1 {
        pass = pass.ofWantedRows(projectedWidth: layer.mixer.heldWidth)
        if pass.rowCount == 0 { break }
      }
      layer.mixer.finish(pass, layer: index, into: target)
      layer.feedForward?.forward(pass, into: target)
      if layer.isParallel { copy(workspace.sum, to: workspace.hidden, pass) }
      for block in layer.others { block.forward(pass, into: workspace.hidden) }
    }
    return pass
  }

  private func copy(_ rows: FloatRows, to target: FloatRows, _ pass: Pass) {
    pass.compute.copy(rows, to: target, columns: pass.workspace.width, rows: pass.rowCount)
  }
}
