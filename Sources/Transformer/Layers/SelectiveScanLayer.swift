// A selective state space block with a residual (Gu and Dao 2023).

package import TensorCore

/// A block `hidden += output(scan(x, z))` with `x, z = inputs(norm(hidden))`, `x` convolved over the
/// last positions and passed through SiLU, and the scan's parameters computed from `x`.
package struct SelectiveScanLayer: Sendable {
  private let norm: Norm
  /// x and z side by side.
  private let inputs: Projection
  private let convolution: CausalConvolution
  /// From x to the steps' factors, what is written and what is read, side by side.
  private let selection: Projection
  /// Norms of the steps' factors, of what is written and of what is read; empty where there are none.
  private let norms: [Norm]
  /// From the steps' factors to a step for each channel.
  private let steps: Projection
  private let scan: SelectiveScan
  private let output: Projection
  private let sizes: Sizes

  /// The sizes that a file names.
  private struct Sizes {
    /// Channels.
    let inner: Int
    /// Values of a channel's state.
    let state: Int
    /// Factors of the steps.
    let rank: Int
    let tapCount: Int

    init(_ h: Hyperparameters) throws {
      inner = try h.requiredInt("ssm.inner_size", in: 1...1 << 20)
      state = try h.requiredInt("ssm.state_size", in: 1...1 << 12)
      rank = try h.requiredInt("ssm.time_step_rank", in: 1...1 << 16)
      tapCount = try h.requiredInt("ssm.conv_kernel", in: 2...64)
      guard inner % 16 == 0 else {
        throw h.unsupported("ssm.inner_size", "is \(inner), expected a multiple of 16")
      }
      guard state % 8 == 0 else {
        throw h.unsupported("ssm.state_size", "is \(state), expected a multiple of 8")
      }
    }

    var memory: LayerMemoryShape {
      LayerMemoryShape(stateCount: inner * (tapCount - 1), rows: (inner, state))
    }
  }

  /// Reads layer `index`.
  ///
  /// - Parameter hasNorms: whether what is computed from `x` is normed.
  package init(_ weights: WeightLoader, _ index: Int, hasNorms: Bool = false) throws {
    let h = weights.hyperparameters
    let sizes = try Sizes(h)
    self.sizes = sizes
    let (width, inner) = (h.embeddingLength, sizes.inner)
    let name = "blk.\(index)."
    norm = try weights.norm(name + "attn_norm.weight", count: width)
    inputs = Projection(
      try weights.matrix(name + "ssm_in.weight", rows: 2 * inner, columns: width))
    convolution = CausalConvolution(
      try weights.table(name + "ssm_conv1d.weight", shape: [sizes.tapCount, inner]),
      bias: try weights.optionalVector(name + "ssm_conv1d.bias", count: inner),
      channelCount: inner, tapCount: sizes.tapCount)
    selection = Projection(
      try weights.matrix(
        name + "ssm_x.weight", rows: sizes.rank + 2 * sizes.state, columns: inner))
    norms =
      hasNorms
      ? try [("dt", sizes.rank), ("b", sizes.state), ("c", sizes.state)].map {
        try weights.norm("\(name)ssm_\($0)_norm.weight", count: $1)
      } : []
    steps = Projection(
      try weights.matrix(name + "ssm_dt.weight", rows: inner, columns: sizes.rank))
    scan = SelectiveScan(
      decay: try weights.table(name + "ssm_a", shape: [sizes.state, inner]),
      skip: try weights.vector(name + "ssm_d", count: inner),
      stepBias: try weights.vector(name + "ssm_dt.bias", count: inner),
      stateLength: sizes.state)
    output = Projection(
      try weights.matrix(name + "ssm_out.weight", rows: width, columns: inner))
  }

  /// What a layer keeps, known before weights are loaded.
  package static func memory(_ hyperparameters: Hyperparameters) throws -> LayerMemoryShape {
    try Sizes(hyperparameters).memory
  }

  package var memory: LayerMemoryShape { sizes.memory }

  /// Makes room for this layer: all projections but the last stand side by side.
  package func size(_ shape: inout WorkspaceShape) {
    for projection in [inputs, selection, steps, output] { shape.include(projection) }
    shape.outputWidth = max(
      shape.outputWidth, inputs.outputStride + selection.outputStride + steps.outputStride)
  }

  package func forward(_ pass: Pass, layer: Int, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let runs = pass.batch.recurrentRuns(layer: layer)
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: workspace.input(columns: norm.count),
      quantised: inputs.scaling)
    inputs.multiply(
      workspace.input(columns: norm.count), rows: rows, into: workspace.projected, compute)

    let values = workspace.projected
    let mixed = workspace.input(columns: sizes.inner)
    compute.convolve(convolution, values, into: mixed.floats, runs: runs)
    compute.silu(mixed.floats, columns: sizes.inner, rows: rows)
    compute.copy(mixed.floats, to: values, columns: sizes.inner, rows: rows)
    compute.quantise(mixed, for: selection, rows: rows)
    let selected = workspace.projected.columns(from: inputs.outputStride)
    selection.multiply(mixed, rows: rows, into: selected, compute)
    var first = 0
    for norm in norms {
      compute.apply(norm, to: selected.columns(from: first), count: rows)
      first += norm.count
    }

    let factors = workspace.input(columns: sizes.rank)
    compute.copy(selected, to: factors.floats, columns: sizes.rank, rows: rows)
    compute.quantise(factors, for: steps, rows: rows)
    let stepRows = selected.columns(from: selection.outputStride)
    steps.multiply(factors, rows: rows, into: stepRows, compute)

    let result = workspace.input(columns: sizes.inner)
    compute.scan(
      scan,
      SelectiveScan.Inputs(
        values: values, gates: values.columns(from: sizes.inner), steps: stepRows,
        writes: selected.columns(from: sizes.rank),
        reads: selected.columns(from: sizes.rank + sizes.state)),
      into: result.floats, runs: runs)
    compute.quantise(result, for: output, rows: rows)
    output.multiply(result, rows: rows, into: workspace.projected, compute)
    compute.addResidual(
      workspace.projected, norm: nil, epsilon: 0, to: target, columns: norm.count, rows: rows)
  }
}
