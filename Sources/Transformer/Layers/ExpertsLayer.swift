// A feed-forward block of many experts, of which a router gives each row a few (Shazeer et al. 2017).

package import KernelInterface
package import TensorCore

extension Hyperparameters {
  /// Whether rows go to experts.
  func hasExperts() throws -> Bool { try int("expert_count", in: 0...1 << 12) ?? 0 > 0 }
}

/// A block `target += scale × (shared(x) + Σ weight × down(activation(gate(x)) × up(x)))` over the experts of
/// each row, with `x = norm(hidden)`.
///
/// A row adds its experts in the order of their numbers, so its sum does not depend on other rows.
package struct ExpertsLayer: Sendable {
  /// What an expert multiplies with.
  private struct Expert: Sendable {
    /// Gate and up, one product.
    let inputs: Projection
    let inputBiases: [Vector?]
    let output: Projection
    let outputBias: Vector?
  }

  private let norm: Norm
  private let router: Projection
  private let routerBias: Vector?
  private let routing: ExpertRouting
  private let experts: [Expert]
  /// What every row goes to beside its experts.
  private let shared: FeedForwardLayer?
  private let activation: Activation
  private let residualScale: Float

  /// Reads layer `index` with the tensor names that most families share.
  ///
  /// - Parameters:
  ///   - normalises: whether the weights of a row's experts add up to 1.
  ///   - isShared: whether every row goes to another expert too.
  package init(
    _ weights: WeightLoader, _ index: Int, norm normName: String = "ffn_norm.weight",
    activation: Activation = .silu, normalises: Bool, isShared: Bool = false,
    residualScale: Float = 1
  ) throws {
    let h = weights.hyperparameters
    let name = "blk.\(index)."
    let width = h.embeddingLength
    let inner =
      try h.int("expert_feed_forward_length", in: 1...1 << 20) ?? h.feedForwardLength
    routing = try Self.routing(h, normalises: normalises)
    let count = routing.expertCount
    norm = try weights.norm(name + normName, count: width)
    router = Projection(
      try weights.matrix(name + "ffn_gate_inp.weight", rows: count, columns: width))
    routerBias = try weights.optionalVector(name + "ffn_gate_inp.bias", count: count)
    func stack(_ part: String, rows: Int, columns: Int) throws -> [PackedMatrix] {
      try weights.stack(name + part + "_exps.weight", count: count, rows: rows, columns: columns)
    }
    func biases(_ part: String, count length: Int) throws -> [Vector?] {
      try weights.optionalStack(name + part + "_exps.bias", count: count, length: length)
    }
    let gates = try stack("ffn_gate", rows: inner, columns: width)
    let ups = try stack("ffn_up", rows: inner, columns: width)
    let outputs = try stack("ffn_down", rows: width, columns: inner)
    let gateBiases = try biases("ffn_gate", count: inner)
    let upBiases = try biases("ffn_up", count: inner)
    let outputBiases = try biases("ffn_down", count: width)
    experts = (0..<count).map {
      Expert(
        inputs: Projection([gates[$0], ups[$0]]), inputBiases: [gateBiases[$0], upBiases[$0]],
        output: Projection(outputs[$0]), outputBias: outputBiases[$0])
    }
    self.activation = activation
    shared =
      isShared
      ? try FeedForwardLayer(
        weights, index, activation: .silu, suffix: "_shexp",
        inner: try h.requiredInt("expert_shared_feed_forward_length", in: 1...1 << 20),
        residualScale: residualScale) : nil
    self.residualScale = residualScale
  }

  private static func routing(
    _ h: Hyperparameters, normalises: Bool
  ) throws -> ExpertRouting {
    let count = try h.requiredInt("expert_count", in: 1...1 << 12)
    let used = try h.requiredInt("expert_used_count", in: 1...count)
    // 1 is softmax, and so is 0, by which nothing is said.
    if let function = try h.int("expert_gating_func"), !(0...1).contains(function) {
      throw h.unsupported("expert_gating_func", "is \(function), known is 1: softmax")
    }
    let scale = try h.float("expert_weights_scale") ?? 0
    return ExpertRouting(
      expertCount: count, usedCount: used, normalises: normalises, scale: scale == 0 ? 1 : scale)
  }

  /// Makes room for this layer.
  package func size(_ shape: inout WorkspaceShape) {
    shape.include(router)
    shape.include(experts[0].inputs)
    shape.include(experts[0].output)
    shared?.size(&shape)
    shape.normedWidth = shape.width
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: input, quantised: router.scaling)
    compute.copy(
      input.floats, to: workspace.normed, columns: workspace.width, rows: rows)
    router.multiply(input, rows: rows, into: workspace.projected, compute)
    if let routerBias { compute.add(routerBias, to: workspace.projected, rows: rows) }
    let choices = compute.choices(workspace.projected, rows: rows, routing)
    // Before anything is added to what it reads.
    shared?.forward(pass, into: target)
    var first = 0
    while first < choices.count {
      let number = choices[first].expert
      let end = choices[first...].firstIndex { $0.expert != number } ?? choices.count
      forward(experts[number], choices[first..<end], pass, into: target)
      first = end
    }
  }

  private func forward(
    _ expert: Expert, _ choices: ArraySlice<ExpertChoice>, _ pass: Pass, into target: FloatRows
  ) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, choices.count)
    let input = workspace.input(columns: workspace.width)
    compute.gather(workspace.normed, choices, into: input)
    compute.quantise(input, for: expert.inputs, rows: rows)
    expert.inputs.multiply(input, rows: rows, into: workspace.projected, compute)
    for (bias, offset) in zip(expert.inputBiases, expert.inputs.offsets) {
      if let bias { compute.add(bias, to: workspace.projected.columns(from: offset), rows: rows) }
    }
    let gated = workspace.input(columns: expert.output.columnCount)
    compute.gate(
      activation, gate: workspace.projected,
      up: workspace.projected.columns(from: expert.inputs.offsets[1]), rows: rows, into: gated,
      quantised: expert.output.scaling)
    expert.output.multiply(gated, rows: rows, into: workspace.projected, compute)
    if let bias = expert.outputBias { compute.add(bias, to: workspace.projected, rows: rows) }
    compute.scatter(
      workspace.projected, choices, scale: residualScale, to: target, columns: workspace.width)
  }
}
