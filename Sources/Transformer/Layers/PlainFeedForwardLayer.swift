// A feed-forward block without a gate, with a residual (Vaswani et al. 2017).

package import TensorCore

/// A block `target += scale × down(activation(up(norm(hidden))))`, where the file has divisors of what is
/// activated, by which the weights of down were multiplied (AWQ, Lin et al. 2023), with these between.
package struct PlainFeedForwardLayer: FeedForward {
  private let norm: Norm?
  private let input: Projection
  private let inputBias: Vector?
  private let output: Projection
  private let outputBias: Vector?
  private let activation: PlainActivation
  private let divisors: Vector?
  private let isShared: Bool
  /// The factor on what is added.
  private let residualScale: Float

  /// Reads layer `index` with the tensor names that most families share.
  ///
  /// - Parameters:
  ///   - inner: values between the products; nil takes the file's feed-forward length.
  ///   - isShared: whether it is the expert of all rows, which reads what the other experts read
  ///     (`workspace.normed`).
  package init(
    _ weights: WeightLoader, _ index: Int, norm normName: String = "ffn_norm.weight",
    activation: PlainActivation, norms: BlockNorms = .before, inner: Int? = nil,
    isShared: Bool = false, residualScale: Float = 1
  ) throws {
    let h = weights.hyperparameters
    let (width, inner) = (h.embeddingLength, inner ?? h.feedForwardLength)
    let name = "blk.\(index)."
    let (up, down) = isShared ? ("ffn_up_shexp.", "ffn_down_shexp.") : ("ffn_up.", "ffn_down.")
    norm =
      norms.isBefore && !isShared ? try weights.norm(name + normName, count: width) : nil
    input = Projection(try weights.matrix(name + up + "weight", rows: inner, columns: width))
    inputBias = try weights.optionalVector(name + up + "bias", count: inner)
    output = Projection(try weights.matrix(name + down + "weight", rows: width, columns: inner))
    outputBias = try weights.optionalVector(name + down + "bias", count: width)
    self.activation = activation
    divisors = try weights.optionalVector(name + "ffn.act.scales", count: inner)
    self.isShared = isShared
    self.residualScale = residualScale
  }

  /// A layer with a norm and biases, from its parts.
  package init(
    norm: Norm, input: Projection, inputBias: Vector, output: Projection, outputBias: Vector,
    activation: PlainActivation
  ) {
    self.norm = norm
    self.input = input
    self.inputBias = inputBias
    self.output = output
    self.outputBias = outputBias
    self.activation = activation
    (divisors, isShared, residualScale) = (nil, false, 1)
  }

  package func size(_ shape: inout WorkspaceShape) {
    shape.include(input)
    shape.include(output)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let normed = workspace.input(columns: workspace.width)
    compute.apply(
      norm, to: isShared ? workspace.normed : workspace.hidden, rows: rows, into: normed,
      quantised: input.scaling)
    input.multiply(normed, rows: rows, into: workspace.projected, compute)
    if let inputBias { compute.add(inputBias, to: workspace.projected, rows: rows) }
    let activated = workspace.input(columns: output.columnCount)
    compute.activate(
      activation, workspace.projected, rows: rows, into: activated,
      quantised: divisors == nil ? output.scaling : nil)
    if let divisors {
      compute.divide(activated.floats, by: divisors, rows: rows)
      compute.quantise(activated, for: output, rows: rows)
    }
    output.multiply(activated, rows: rows, into: workspace.projected, compute)
    if let outputBias { compute.add(outputBias, to: workspace.projected, rows: rows) }
    compute.addResidual(
      workspace.projected, norm: nil, epsilon: 0, scale: residualScale, to: target,
      columns: workspace.width, rows: rows)
  }
}
