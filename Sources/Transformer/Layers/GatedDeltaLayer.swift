// Linear attention by the gated delta rule, with a residual (Yang, Kautz and Hatamizadeh 2024).

package import TensorCore

/// A block `target += output(norm(o) × silu(z))` with `o = rule(q, k, v)`,
/// `q, k, v = silu(convolve(inputs(norm(hidden))))`, and q and k of length 1, head by head.
package struct GatedDeltaLayer: Sendable {
  private let norm: Norm
  /// Queries, keys and values, then z, then the gates of the rule.
  private let inputs: Projection
  private let convolution: CausalConvolution
  private let rule: GatedDelta
  /// Of a value head.
  private let headNorm: Vector
  private let output: Projection
  private let epsilon: Float

  /// How a file has the gates of the rule, and which key head a value head reads.
  package enum HeadOrder: Sendable {
    /// Two tensors; value heads that share a key head stand as far apart as there are key heads (Qwen 3.5).
    case apart
    /// One tensor with both gates of the value heads of one key head after the other; those stand together
    /// (Qwen3-Next).
    case together
  }

  /// Reads layer `index`.
  package init(_ weights: WeightLoader, _ index: Int, _ order: HeadOrder) throws {
    let h = weights.hyperparameters
    let sizes = try Self.sizes(h)
    let tapCount = try Self.tapCount(h)
    let (width, count) = (h.embeddingLength, sizes.valueHeadCount)
    let name = "blk.\(index)."
    epsilon = h.normEpsilon
    norm = try weights.norm(name + "attn_norm.weight", count: width)
    var parts = [
      try weights.matrix(name + "attn_qkv.weight", rows: sizes.inputWidth, columns: width),
      try weights.matrix(name + "attn_gate.weight", rows: sizes.outputWidth, columns: width),
    ]
    let shared = count / sizes.keyHeadCount
    switch order {
    case .apart:
      for gate in ["ssm_alpha", "ssm_beta"] {
        parts.append(try weights.matrix("\(name)\(gate).weight", rows: count, columns: width))
      }
    case .together:
      parts.append(try weights.matrix(name + "ssm_ba.weight", rows: 2 * count, columns: width))
    }
    inputs = Projection(parts)
    let gates = inputs.offsets[2]
    let heads = (0..<count).map { [inputs] head in
      switch order {
      case .apart:
        return GatedDelta.Head(
          keyHead: head % sizes.keyHeadCount, fade: gates + head, strength: inputs.offsets[3] + head
        )
      case .together:
        let first = gates + head / shared * 2 * shared + head % shared
        return GatedDelta.Head(keyHead: head / shared, fade: first + shared, strength: first)
      }
    }
    convolution = CausalConvolution(
      try weights.table(name + "ssm_conv1d.weight", shape: [tapCount, sizes.inputWidth]), bias: nil,
      channelCount: sizes.inputWidth, tapCount: tapCount)
    rule = GatedDelta(
      sizes, heads: heads, decay: try weights.vector(name + "ssm_a", count: count),
      stepBias: try weights.vector(name + "ssm_dt.bias", count: count))
    headNorm = try weights.vector(name + "ssm_norm.weight", count: sizes.valueLength)
    output = Projection(
      try weights.matrix(name + "ssm_out.weight", rows: width, columns: sizes.outputWidth))
  }

  private static func sizes(_ h: Hyperparameters) throws -> GatedDelta.Sizes {
    let inner = try h.requiredInt("ssm.inner_size", in: 1...1 << 20)
    let keyLength = try h.requiredInt("ssm.state_size", in: 1...1 << 12)
    let keyHeadCount = try h.requiredInt("ssm.group_count", in: 1...1 << 12)
    let valueHeadCount = try h.requiredInt("ssm.time_step_rank", in: 1...1 << 12)
    guard keyLength % 8 == 0 else {
      throw h.unsupported("ssm.state_size", "is \(keyLength), expected a multiple of 8")
    }
    guard valueHeadCount % keyHeadCount == 0 else {
      throw h.unsupported(
        "ssm.time_step_rank",
        "is \(valueHeadCount), no multiple of \(h.architecture).ssm.group_count \(keyHeadCount)")
    }
    guard inner % valueHeadCount == 0, inner % 8 == 0 else {
      throw h.unsupported(
        "ssm.inner_size", "is \(inner), expected a multiple of 8 and of \(valueHeadCount) heads")
    }
    return GatedDelta.Sizes(
      keyHeadCount: keyHeadCount, valueHeadCount: valueHeadCount, keyLength: keyLength,
      valueLength: inner / valueHeadCount)
  }

  /// Positions that the convolution sees.
  private static func tapCount(_ h: Hyperparameters) throws -> Int {
    try h.requiredInt("ssm.conv_kernel", in: 2...64)
  }

  /// What a layer keeps, known before weights are loaded.
  package static func memory(_ hyperparameters: Hyperparameters) throws -> LayerMemoryShape {
    memory(try sizes(hyperparameters), tapCount: try tapCount(hyperparameters))
  }

  private static func memory(_ sizes: GatedDelta.Sizes, tapCount: Int) -> LayerMemoryShape {
    LayerMemoryShape(
      stateCount: (tapCount - 1) * sizes.inputWidth,
      rows: (count: sizes.outputWidth, length: sizes.keyLength))
  }

  package var memory: LayerMemoryShape {
    Self.memory(rule.sizes, tapCount: convolution.tapCount)
  }

  /// Makes room for this layer.
  package func size(_ shape: inout WorkspaceShape) {
    shape.include(inputs)
    shape.include(output)
    shape.inputWidth = max(shape.inputWidth, rule.sizes.inputWidth)
  }

  package func forward(_ pass: Pass, layer: Int, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let (sizes, projected) = (rule.sizes, workspace.projected)
    let runs = pass.batch.recurrentRuns(layer: layer)
    let input = workspace.input(columns: norm.count)
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: input, quantised: inputs.scaling)
    inputs.multiply(input, rows: rows, into: projected, compute)

    let mixed = workspace.input(columns: sizes.inputWidth).floats
    compute.convolve(convolution, projected, into: mixed, runs: runs)
    compute.silu(mixed, columns: sizes.inputWidth, rows: rows)
    compute.normaliseLengths(
      mixed, count: 2 * sizes.keyHeadCount, length: sizes.keyLength, epsilon: epsilon, rows: rows)
    // What went into the convolution is of no more use.
    compute.apply(
      rule, GatedDelta.Inputs(values: mixed, gates: projected), into: projected, runs: runs)

    compute.apply(
      headNorm, epsilon: epsilon, to: projected, count: sizes.valueHeadCount, rows: rows)
    let result = workspace.input(columns: sizes.outputWidth)
    compute.gate(
      .silu, gate: projected.columns(from: inputs.offsets[1]), up: projected, rows: rows,
      into: result, quantised: output.scaling)
    output.multiply(result, rows: rows, into: projected, compute)
    compute.addResidual(
      projected, norm: nil, epsilon: 0, to: target, columns: norm.count, rows: rows)
  }
}
