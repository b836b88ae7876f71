// The stack that decoders are: what mixes positions, and feed-forward, layer after layer.

package import TensorCore

/// What mixes the positions of a sequence in a layer.
package indirect enum Mixer: Sendable {
  case attention(AttentionLayer)
  case latent(LatentAttentionLayer)
  case convolution(ShortConvolutionLayer)
  case scan(SelectiveScanLayer)
  case delta(GatedDeltaLayer)
  case stateSpace(StateSpaceLayer)

  /// What it keeps of a sequence.
  var memory: LayerMemoryShape {
    switch self {
    case .attention(let layer): layer.memory
    case .latent(let layer): layer.memory
    case .convolution(let layer): layer.memory
    case .scan(let layer): layer.memory
    case .delta(let layer): layer.memory
    case .stateSpace(let layer): layer.memory
    }
  }

  func size(_ shape: inout WorkspaceShape) {
    switch self {
    case .attention(let layer): layer.size(&shape)
    case .latent(let layer): layer.size(&shape)
    case .convolution(let layer): layer.size(&shape)
    case .scan(let layer): layer.size(&shape)
    case .delta(let layer): layer.size(&shape)
    case .stateSpace(let layer): layer.size(&shape)
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
    case .stateSpace(let layer): layer.forward(pass, layer: index, into: target)
    }
  }

  /// Adds to `target` what `store` has not.
  func finish(_ pass: Pass, layer index: Int, into target: FloatRows) {
    switch self {
    case .attention(let layer): layer.attend(pass, layer: index, into: target)
    case .latent(let layer): layer.attend(pass, layer: index, into: target)
    case .convolution, .scan, .delta, .stateSpace: break
    }
  }

  /// What stands in `workspace.projected` between the two, in values of a row.
  var heldWidth: Int {
    switch self {
    case .attention(let layer): layer.heldWidth
    case .latent(let layer): layer.queryWidth
    case .convolution, .scan, .delta, .stateSpace: 0
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

/// A layer: in most families a mixer and a feed-forward block after it, in some more of them or one alone.
package struct DecoderLayer: Sendable {
  /// In most families one. Of several all but the last are recurrent: they hold nothing between `store` and
  /// `finish`.
  package let mixers: [Mixer]
  package let feedForward: (any FeedForward)?
  /// What stands before both.
  package let inputs: [any FeedForward]
  /// What stands behind both.
  package let others: [any FeedForward]
  /// Whether mixers and feed-forward all read the layer's input, and not one what another has added.
  package let isParallel: Bool

  package init(
    _ mixer: Mixer, _ feedForward: (any FeedForward)? = nil, inputs: [any FeedForward] = [],
    others: [any FeedForward] = [], isParallel: Bool = false
  ) {
    self.init([mixer], feedForward, inputs: inputs, others: others, isParallel: isParallel)
  }

  package init(
    _ mixers: [Mixer], _ feedForward: (any FeedForward)? = nil, inputs: [any FeedForward] = [],
    others: [any FeedForward] = [], isParallel: Bool = false
  ) {
    self.mixers = mixers
    self.feedForward = feedForward
    self.inputs = inputs
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

  /// What one mixer after another keeps of a position.
  package var memories: [LayerMemoryShape] { layers.flatMap { $0.mixers.map(\.memory) } }

  /// Makes room for all layers.
  package func size(_ shape: inout WorkspaceShape) {
    for layer in layers {
      for mixer in layer.mixers { mixer.size(&shape) }
      layer.feedForward?.size(&shape)
      for block in layer.inputs + layer.others { block.size(&shape) }
      if layer.isParallel { shape.sumWidth = max(shape.sumWidth, shape.width) }
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
    // Of the mixers, counted over all layers.
    var first = 0
    for (index, layer) in layers.enumerated() {
      for block in layer.inputs { block.forward(pass, into: workspace.hidden) }
      let target = layer.isParallel ? workspace.sum : workspace.hidden
      if layer.isParallel { copy(workspace.hidden, to: workspace.sum, pass) }
      for (place, mixer) in layer.mixers.enumerated() {
        mixer.store(pass, layer: first + place, into: target)
      }
      if index == layers.count - 1 {
        pass = pass.ofWantedRows(projectedWidth: layer.mixers.last?.heldWidth ?? 0)
        if pass.rowCount == 0 { break }
      }
      for (place, mixer) in layer.mixers.enumerated() {
        mixer.finish(pass, layer: first + place, into: target)
      }
      first += layer.mixers.count
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
