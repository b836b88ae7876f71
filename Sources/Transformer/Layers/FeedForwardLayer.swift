// A gated feed-forward block with a residual (Shazeer 2020).

package import KernelInterface
package import TensorCore

/// A block `target += scale × norm(down(activation(gate(x)) × up(x)))` with `x = norm(hidden)`, where the
/// file has a row gate `× sigmoid(x · rowGate)`.
package struct FeedForwardLayer: FeedForward {
  package let norm: Norm?
  /// Gate and up, one product.
  package let inputs: Projection
  package let inputBiases: [Vector?]
  package let output: Projection
  package let outputBias: Vector?
  /// A norm of the output before it is added.
  package let outputNorm: Vector?
  package let normEpsilon: Float
  /// What tells how much of a row's output counts, for an expert that all rows share.
  private let rowGate: Vector?
  private let isShared: Bool
  /// The factor on what is added.
  package let residualScale: Float
  package let activation: Activation
  /// How many standard deviations above a row's mean gates are cut at (Gemma 3n); nil where they
  /// are not.
  private let cut: Float?
  /// How the gated values are quantised where they are wanted in that form alone.
  private let gatedScaling: ActivationScaling?

  /// Reads layer `index` with the tensor names that most families share.
  ///
  /// - Parameters:
  ///   - outputNorm: the name of the norm behind the block.
  ///   - isFused: whether the tensor of up holds gate before it.
  ///   - isShared: whether it is the expert of all rows, which reads what the other experts read
  ///     (`workspace.normed`).
  ///   - inner: values between the products; nil takes the file's feed-forward length.
  ///   - cut: how many standard deviations above their mean gates become 0.
  package init(
    _ weights: WeightLoader, _ index: Int, norm normName: String = "ffn_norm.weight",
    activation: Activation, norms: BlockNorms = .before,
    outputNorm outputNormName: String = "post_ffw_norm.weight", isFused: Bool = false,
    isShared: Bool = false, inner: Int? = nil, residualScale: Float = 1, cut: Float? = nil
  ) throws {
    let h = weights.hyperparameters
    let (width, inner) = (h.embeddingLength, inner ?? h.feedForwardLength)
    let suffix = isShared ? "_shexp" : ""
    func name(_ part: String, _ kind: String) -> String {
      "blk.\(index).ffn_\(part)\(suffix).\(kind)"
    }
    norm =
      norms.isBefore && !isShared
      ? try weights.norm("blk.\(index).\(normName)", count: width) : nil
    self.isShared = isShared
    inputs = Projection(
      isFused
        ? try weights.parts(name("up", "weight"), rows: [inner, inner], columns: width)
        : try ["gate", "up"].map {
          try weights.matrix(name($0, "weight"), rows: inner, columns: width)
        })
    inputBiases = [
      try weights.optionalVector(name("gate", "bias"), count: inner),
      try weights.optionalVector(name("up", "bias"), count: inner),
    ]
    output = Projection(
      try weights.matrix(name("down", "weight"), rows: width, columns: inner))
    outputBias = try weights.optionalVector(name("down", "bias"), count: width)
    outputNorm =
      norms.isAfter ? try weights.vector("blk.\(index).\(outputNormName)", count: width) : nil
    normEpsilon = h.normEpsilon
    rowGate =
      isShared
      ? try weights.optionalVector("blk.\(index).ffn_gate_inp_shexp.weight", count: width) : nil
    self.residualScale = residualScale
    self.activation = activation
    self.cut = cut
    let isGated = inputs.isGated && inputBiases.allSatisfy { $0 == nil } && cut == nil
    gatedScaling = isGated ? output.scaling : nil
  }

  package func size(_ shape: inout WorkspaceShape) {
    shape.include(inputs)
    shape.include(output)
    if gatedScaling != nil { shape.gatedWidth = max(shape.gatedWidth, output.columnCount) }
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    compute.apply(
      norm, to: isShared ? workspace.normed : workspace.hidden, rows: rows,
      into: workspace.input(columns: workspace.width), quantised: inputs.scaling)
    let gated = gate(pass)
    output.multiply(gated, rows: rows, into: workspace.projected, compute)
    if let outputBias { compute.add(outputBias, to: workspace.projected, rows: rows) }
    if let rowGate {
      compute.gateRows(
        workspace.projected, columns: workspace.width, by: rowGate, of: workspace.normed,
        rows: rows)
    }
    compute.addResidual(
      workspace.projected, norm: outputNorm, epsilon: normEpsilon, scale: residualScale,
      to: target, columns: workspace.width, rows: rows)
  }

  /// `activation(gate(x)) × up(x)`.
  private func gate(_ pass: Pass) -> Activations {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    if let gatedScaling, rows >= Projection.gatedRows {
      let gated = workspace.gated(columns: output.columnCount)
      compute.multiply(
        GatedProduct(inputs, input, activation, rows: rows, into: gated, quantised: gatedScaling),
        scratch: workspace.gatedScratch)
      return gated
    }
    inputs.multiply(input, rows: rows, into: workspace.projected, compute)
    for (bias, offset) in zip(inputBiases, inputs.offsets) {
      if let bias { compute.add(bias, to: workspace.projected.columns(from: offset), rows: rows) }
    }
    if let cut {
      compute.cutBelow(cut, workspace.projected, columns: output.columnCount, rows: rows)
    }
    let gated = workspace.input(columns: output.columnCount)
    compute.gate(
      activation, gate: workspace.projected,
      up: workspace.projected.columns(from: inputs.offsets[1]), rows: rows, into: gated,
      quantised: output.scaling)
    return gated
  }
}
