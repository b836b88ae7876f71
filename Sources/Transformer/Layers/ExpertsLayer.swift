// A feed-forward block of many experts, of which a router gives each row a few (Shazeer et al. 2017).

package import KernelInterface
package import TensorCore

extension Hyperparameters {
  /// Whether the rows of a layer go to experts: in files with experts all do but the first, or one of
  /// several, where the file says so.
  func hasExperts(at layer: Int) throws -> Bool {
    guard try int("expert_count", in: 0...1 << 12) ?? 0 > 0 else { return false }
    let first = try int("leading_dense_block_count", in: 0...blockCount) ?? 0
    let step = try int("interleave_moe_layer_step", in: 1...1 << 10) ?? 1
    return layer >= first && (layer + 1) % step == 0
  }

  /// Whether the file names an expert that all rows go to.
  func hasSharedExpert() throws -> Bool { try int("expert_shared_count", in: 0...64) ?? 0 > 0 }
}

/// A block `target += scale × (shared(x) + Σ weight × down(activation(gate(x)) × up(x)))` over the experts of
/// each row, with `x = norm(hidden)`.
///
/// A row adds its experts in the order of their numbers, so its sum does not depend on other rows.
package struct ExpertsLayer: FeedForward {
  /// What an expert multiplies with.
  private struct Expert: Sendable {
    /// Gate and up, one product.
    let inputs: Projection
    let inputBiases: [Vector?]
    let output: Projection
    let outputBias: Vector?
  }

  private let norm: Norm
  /// The norm of what the router reads; nil where that is what the experts read.
  private let routerNorm: Norm?
  private let router: Projection
  private let routerBias: Vector?
  private let routing: ExpertRouting
  private let experts: [Expert]
  /// What every row goes to beside its experts.
  private let shared: FeedForwardLayer?
  private let activation: Activation
  private let residualScale: Float
  /// How the gated values are quantised where they are wanted in that form alone.
  private let gatedScaling: ActivationScaling?

  /// Reads layer `index` with the tensor names that most families share.
  ///
  /// - Parameters:
  ///   - routerNorm: the norm of what the router reads, where it has one of its own.
  ///   - gate: what scores go through where the file does not say it.
  ///   - normalises: whether the weights of a row's experts add up to 1; nil where the file says it.
  ///   - inner: values between the products of an expert; nil takes the file's length for experts.
  ///   - isShared: whether every row goes to another expert too.
  package init(
    _ weights: WeightLoader, _ index: Int, norm normName: String = "ffn_norm.weight",
    routerNorm: Norm? = nil, activation: Activation = .silu, gate: ExpertRouting.Gate = .softmax,
    normalises: Bool? = nil, inner: Int? = nil,
    isShared: Bool = false, residualScale: Float = 1
  ) throws {
    let h = weights.hyperparameters
    let name = "blk.\(index)."
    let width = h.embeddingLength
    let inner = try inner ?? Self.inner(h)
    var routing = try Self.routing(h, gate: gate, normalises: normalises)
    let count = routing.expertCount
    routing.bias = try weights.optionalVector(name + "exp_probs_b.bias", count: count)
    routing.factors = try weights.factors(name + "ffn_down_exps.weight", count: count)
    self.routing = routing
    norm = try weights.norm(name + normName, count: width)
    self.routerNorm = routerNorm
    router = Projection(
      try weights.matrix(name + "ffn_gate_inp.weight", rows: count, columns: width))
    routerBias = try weights.optionalVector(name + "ffn_gate_inp.bias", count: count)
    func biases(_ part: String, count length: Int) throws -> [Vector?] {
      try weights.optionalStack(name + part + "_exps.bias", count: count, length: length)
    }
    let inputs = try weights.inputs(
      ofExperts: name, count: count, inner: inner, width: width)
    let outputs = try weights.stack(
      name + "ffn_down_exps.weight", count: count, rows: [width], columns: inner,
      isScaled: routing.factors == nil)
    let gateBiases = try biases("ffn_gate", count: inner)
    let upBiases = try biases("ffn_up", count: inner)
    let outputBiases = try biases("ffn_down", count: width)
    experts = (0..<count).map {
      Expert(
        inputs: Projection(inputs[$0]), inputBiases: [gateBiases[$0], upBiases[$0]],
        output: Projection(outputs[$0]), outputBias: outputBiases[$0])
    }
    self.activation = activation
    shared =
      isShared
      ? try FeedForwardLayer(
        weights, index, activation: activation, isShared: true,
        inner: try Self.sharedInner(h, ofExpert: inner),
        residualScale: residualScale) : nil
    self.residualScale = residualScale
    let areGated = experts.allSatisfy { expert in
      expert.inputs.isGated && expert.inputBiases.allSatisfy { $0 == nil }
    }
    gatedScaling = areGated ? experts[0].output.scaling : nil
  }

  private static func inner(_ h: Hyperparameters) throws -> Int {
    try h.int("expert_feed_forward_length", in: 1...1 << 20) ?? h.feedForwardLength
  }

  /// Values between the products of the expert that all rows share: the file's own number, or those of
  /// several experts.
  private static func sharedInner(_ h: Hyperparameters, ofExpert inner: Int) throws -> Int {
    try h.int("expert_shared_feed_forward_length", in: 1...1 << 20)
      ?? inner * (try h.int("expert_shared_count", in: 1...64) ?? 1)
  }

  private static func routing(
    _ h: Hyperparameters, gate: ExpertRouting.Gate, normalises: Bool?
  ) throws -> ExpertRouting {
    let count = try h.requiredInt("expert_count", in: 1...1 << 12)
    let used = try h.requiredInt("expert_used_count", in: 1...count)
    let scale = try h.float("expert_weights_scale") ?? 0
    var routing = ExpertRouting(
      expertCount: count, usedCount: used,
      normalises: try normalises ?? h.bool("expert_weights_norm") ?? false,
      scale: scale == 0 ? 1 : scale)
    switch try h.int("expert_gating_func") ?? 0 {
    // Some converters write 0 where nothing is said.
    case 0: routing.gate = gate
    case 1: routing.gate = .softmax
    case 2: routing.gate = .sigmoid
    case let function:
      throw h.unsupported(
        "expert_gating_func", "is \(function), known are 1 (softmax) and 2 (sigmoid)")
    }
    let groups = try h.int("expert_group_count", in: 0...count) ?? 0
    if groups > 1 {
      guard count % groups == 0 else {
        throw h.unsupported(
          "expert_group_count",
          "is \(groups), which does not divide \(h.architecture).expert_count \(count)")
      }
      let usedGroups = try h.requiredInt("expert_group_used_count", in: 1...groups)
      guard usedGroups * (count / groups) >= used else {
        throw h.unsupported(
          "expert_group_used_count",
          "is \(usedGroups), whose groups hold fewer experts than the \(used) of "
            + "\(h.architecture).expert_used_count")
      }
      routing.groups = ExpertRouting.Groups(count: groups, usedCount: usedGroups)
    }
    return routing
  }

  package func size(_ shape: inout WorkspaceShape) {
    shape.include(router)
    shape.include(experts[0].inputs)
    shape.include(experts[0].output)
    shared?.size(&shape)
    shape.normedWidth = shape.width
    if gatedScaling != nil {
      shape.gatedWidth = max(shape.gatedWidth, experts[0].output.columnCount)
    }
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: input,
      quantised: routerNorm == nil ? router.scaling : nil)
    compute.copy(
      input.floats, to: workspace.normed, columns: workspace.width, rows: rows)
    if let routerNorm {
      compute.apply(
        routerNorm, to: workspace.hidden, rows: rows, into: input, quantised: router.scaling)
    }
    router.multiply(input, rows: rows, into: workspace.projected, compute)
    if let routerBias { compute.add(routerBias, to: workspace.projected, rows: rows) }
    let choices = compute.choices(workspace.projected, rows: rows, routing)
    // Before anything is added to what it reads.
    shared?.forward(pass, into: target)
    var rest = choices[...]
    while !rest.isEmpty {
      let group = ExpertGroup(rest, capacity: workspace.maximumRows)
      forward(group, pass, into: target)
      rest = rest[group.choices.endIndex...]
    }
  }

  private func forward(_ group: ExpertGroup, _ pass: Pass, into target: FloatRows) {
    let (workspace, compute) = (pass.workspace, pass.compute)
    let gated = gate(group, pass)
    compute.multiply(
      group.runs.map { run in
        Product(
          experts[run.expert].output, gated.rows(from: run.place), rows: run.count,
          into: workspace.projected.rows(from: run.place))
      })
    add(group, pass, offset: 0) { experts[$0].outputBias }
    compute.scatter(
      workspace.projected, group, scale: residualScale, to: target, columns: workspace.width)
  }

  /// `activation(gate(x)) × up(x)` of each expert for its rows.
  private func gate(_ group: ExpertGroup, _ pass: Pass) -> Activations {
    let (workspace, compute) = (pass.workspace, pass.compute)
    let input = workspace.input(columns: workspace.width)
    // All experts have the same shapes and formats.
    let first = experts[0]
    compute.gather(workspace.normed, group, into: input, quantised: first.inputs.scaling)
    if let gatedScaling, group.choices.count >= group.runs.count * Projection.gatedRows {
      let gated = workspace.gated(columns: first.output.columnCount)
      compute.multiply(
        group.runs.map { run in
          GatedProduct(
            experts[run.expert].inputs, input.rows(from: run.place), activation, rows: run.count,
            into: gated.rows(from: run.place), quantised: gatedScaling)
        }, scratch: workspace.gatedScratch)
      return gated
    }
    compute.multiply(
      group.runs.map { run in
        Product(
          experts[run.expert].inputs, input.rows(from: run.place), rows: run.count,
          into: workspace.projected.rows(from: run.place))
      })
    for (part, offset) in first.inputs.offsets.enumerated() {
      add(group, pass, offset: offset) { experts[$0].inputBiases[part] }
    }
    let gated = workspace.input(columns: first.output.columnCount)
    compute.gate(
      activation, gate: workspace.projected,
      up: workspace.projected.columns(from: first.inputs.offsets[1]), group, into: gated,
      quantised: first.output.scaling)
    return gated
  }

  /// Adds each expert's bias to what stands from column `offset` on of its rows.
  private func add(
    _ group: ExpertGroup, _ pass: Pass, offset: Int, _ bias: (_ expert: Int) -> Vector?
  ) {
    let target = pass.workspace.projected.columns(from: offset)
    for run in group.runs {
      guard let bias = bias(run.expert) else { return }
      pass.compute.add(bias, to: target.rows(from: run.place), rows: run.count)
    }
  }
}

extension WeightLoader {
  /// Gate and up of each expert of a layer: tensors of their own, or one that holds gate before up.
  fileprivate func inputs(
    ofExperts layer: String, count: Int, inner: Int, width: Int
  ) throws -> [[PackedMatrix]] {
    let fused = layer + "ffn_gate_up_exps.weight"
    if has(fused) {
      return try stack(fused, count: count, rows: [inner, inner], columns: width)
    }
    let parts = try ["gate", "up"].map {
      try stack("\(layer)ffn_\($0)_exps.weight", count: count, rows: [inner], columns: width)
    }
    return (0..<count).map { expert in parts.map { $0[expert][0] } }
  }
}
