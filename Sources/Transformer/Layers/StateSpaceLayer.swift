// A state space block with one decay for a head, with a residual (Mamba-2, Dao and Gu 2024).

package import TensorCore

/// A block `target += scale × output(norm(y × silu(z)))` with `y = space(x, b, c, t)`,
/// `x, b, c = silu(convolve(…))`, and `z`, what is convolved and `t` from `inputs(norm(hidden))`. The norm
/// behind is of the heads of each group by themselves.
package struct StateSpaceLayer: Sendable {
  private let norm: Norm
  /// z, then x, what groups write by and what they read by, then the heads' steps.
  private let inputs: Projection
  private let convolution: CausalConvolution
  private let space: StateSpace
  /// Of the heads of all groups, `[width]`; nil where the family has none.
  private let groupNorm: Vector?
  private let output: Projection
  private let epsilon: Float
  /// The factor on what is added.
  private let residualScale: Float

  /// Reads layer `index`.
  package init(
    _ weights: WeightLoader, _ index: Int, hasGroupNorm: Bool = true, residualScale: Float = 1
  ) throws {
    let h = weights.hyperparameters
    let sizes = try Self.sizes(h)
    let tapCount = try Self.tapCount(h)
    let (width, count) = (h.embeddingLength, sizes.headCount)
    let name = "blk.\(index)."
    epsilon = h.normEpsilon
    self.residualScale = residualScale
    norm = try weights.norm(name + "attn_norm.weight", count: width)
    inputs = Projection(
      try weights.matrix(
        name + "ssm_in.weight", rows: sizes.width + sizes.inputWidth + count, columns: width))
    convolution = CausalConvolution(
      try weights.table(name + "ssm_conv1d.weight", shape: [tapCount, sizes.inputWidth]),
      bias: try weights.optionalVector(name + "ssm_conv1d.bias", count: sizes.inputWidth),
      channelCount: sizes.inputWidth, tapCount: tapCount)
    space = StateSpace(
      sizes, decay: try weights.table(name + "ssm_a", shape: [1, count]),
      skip: try weights.table(name + "ssm_d", shape: [1, count]),
      stepBias: try weights.vector(name + "ssm_dt.bias", count: count))
    // Of one group some programs leave its number out.
    let groups = sizes.groupCount > 1 ? [sizes.groupCount] : []
    groupNorm =
      hasGroupNorm
      ? try weights.table(
        name + "ssm_norm.weight", shape: [sizes.width / sizes.groupCount] + groups) : nil
    output = Projection(
      try weights.matrix(name + "ssm_out.weight", rows: width, columns: sizes.width))
  }

  private static func sizes(_ h: Hyperparameters) throws -> StateSpace.Sizes {
    let inner = try h.requiredInt("ssm.inner_size", in: 1...1 << 20)
    let stateLength = try h.requiredInt("ssm.state_size", in: 1...1 << 12)
    let groupCount = try h.requiredInt("ssm.group_count", in: 1...1 << 12)
    let headCount = try h.requiredInt("ssm.time_step_rank", in: 1...1 << 16)
    guard stateLength % 8 == 0 else {
      throw h.unsupported("ssm.state_size", "is \(stateLength), expected a multiple of 8")
    }
    guard headCount % groupCount == 0 else {
      throw h.unsupported(
        "ssm.time_step_rank",
        "is \(headCount), no multiple of \(h.architecture).ssm.group_count \(groupCount)")
    }
    guard inner % headCount == 0 else {
      throw h.unsupported(
        "ssm.inner_size",
        "is \(inner), no multiple of \(h.architecture).ssm.time_step_rank \(headCount)")
    }
    return StateSpace.Sizes(
      headCount: headCount, headLength: inner / headCount, groupCount: groupCount,
      stateLength: stateLength)
  }

  /// Positions that the convolution sees.
  private static func tapCount(_ h: Hyperparameters) throws -> Int {
    try h.requiredInt("ssm.conv_kernel", in: 2...64)
  }

  /// What a layer keeps, known before weights are loaded.
  package static func memory(_ hyperparameters: Hyperparameters) throws -> LayerMemoryShape {
    memory(try sizes(hyperparameters), tapCount: try tapCount(hyperparameters))
  }

  private static func memory(_ sizes: StateSpace.Sizes, tapCount: Int) -> LayerMemoryShape {
    LayerMemoryShape(
      stateCount: (tapCount - 1) * sizes.inputWidth,
      rows: (count: sizes.width, length: sizes.stateLength))
  }

  package var memory: LayerMemoryShape {
    Self.memory(space.sizes, tapCount: convolution.tapCount)
  }

  /// Makes room for this layer.
  package func size(_ shape: inout WorkspaceShape) {
    shape.include(inputs)
    shape.include(output)
    shape.inputWidth = max(shape.inputWidth, space.sizes.inputWidth)
  }

  package func forward(_ pass: Pass, layer: Int, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let (sizes, projected) = (space.sizes, workspace.projected)
    let runs = pass.batch.recurrentRuns(layer: layer)
    let input = workspace.input(columns: norm.count)
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: input, quantised: inputs.scaling)
    inputs.multiply(input, rows: rows, into: projected, compute)

    let values = projected.columns(from: sizes.width)
    let mixed = workspace.input(columns: sizes.inputWidth).floats
    compute.convolve(convolution, values, into: mixed, runs: runs)
    compute.silu(mixed, columns: sizes.inputWidth, rows: rows)
    // What went into the convolution is of no more use.
    compute.apply(
      space,
      StateSpace.Inputs(values: mixed, steps: values.columns(from: sizes.inputWidth)),
      into: values, runs: runs)

    let result = workspace.input(columns: sizes.width)
    compute.gate(
      .silu, gate: projected, up: values, rows: rows, into: result,
      quantised: groupNorm == nil ? output.scaling : nil)
    if let groupNorm {
      compute.apply(
        groupNorm, parts: sizes.groupCount, epsilon: epsilon, to: result.floats, rows: rows)
      compute.quantise(result, for: output, rows: rows)
    }
    output.multiply(result, rows: rows, into: projected, compute)
    compute.addResidual(
      projected, norm: nil, epsilon: 0, scale: residualScale, to: target, columns: norm.count,
      rows: rows)
  }
}
