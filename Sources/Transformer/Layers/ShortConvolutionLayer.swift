// A gated short convolution with a residual (LFM2).

package import TensorCore

/// A block `hidden += output(c × convolve(b × x))` with `b, c, x = inputs(norm(hidden))`.
package struct ShortConvolutionLayer: Sendable {
  private let norm: Norm
  /// b, c and x side by side.
  private let inputs: Projection
  private let convolution: CausalConvolution
  private let output: Projection

  /// Reads layer `index`.
  package init(_ weights: WeightLoader, _ index: Int) throws {
    let width = weights.hyperparameters.embeddingLength
    let taps = try Self.tapCount(weights.hyperparameters)
    let name = "blk.\(index)."
    norm = try weights.norm(name + "attn_norm.weight", count: width)
    inputs = Projection(
      try weights.matrix(name + "shortconv.in_proj.weight", rows: 3 * width, columns: width))
    convolution = CausalConvolution(
      try weights.table(name + "shortconv.conv.weight", shape: [taps, width]), bias: nil,
      channelCount: width, tapCount: taps)
    output = Projection(
      try weights.matrix(name + "shortconv.out_proj.weight", rows: width, columns: width))
  }

  /// Positions that the convolution sees.
  private static func tapCount(_ hyperparameters: Hyperparameters) throws -> Int {
    try hyperparameters.requiredInt("shortconv.l_cache", in: 2...64)
  }

  /// What a layer keeps, known before weights are loaded.
  package static func memory(_ hyperparameters: Hyperparameters) throws -> LayerMemoryShape {
    LayerMemoryShape(
      stateCount: (try tapCount(hyperparameters) - 1) * hyperparameters.embeddingLength)
  }

  package var memory: LayerMemoryShape { LayerMemoryShape(stateCount: convolution.stateCount) }

  /// Makes room for this layer.
  package func size(_ shape: inout WorkspaceShape) {
    shape.include(inputs)
    shape.include(output)
  }

  package func forward(_ pass: Pass, layer: Int, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let width = norm.count
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: workspace.input(columns: width),
      quantised: inputs.scaling)
    inputs.multiply(
      workspace.input(columns: width), rows: rows, into: workspace.projected, compute)
    let values = workspace.projected.columns(from: 2 * width)
    compute.multiply(values, by: workspace.projected, columns: width, rows: rows)
    let mixed = workspace.input(columns: width)
    compute.convolve(
      convolution, values, into: mixed.floats, runs: pass.batch.recurrentRuns(layer: layer))
    compute.multiply(
      mixed.floats, by: workspace.projected.columns(from: width), columns: width, rows: rows)
    compute.quantise(mixed, for: output, rows: rows)
    output.multiply(mixed, rows: rows, into: workspace.projected, compute)
    compute.addResidual(
      workspace.projected, norm: nil, epsilon: 0, to: target, columns: width, rows: rows)
  }
}
