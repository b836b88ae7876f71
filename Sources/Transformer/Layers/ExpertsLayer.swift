// A feed-forward block of many experts, of which a router gives each row a few (Shazeer et al. 2017).

package import KernelInterface
package import TensorCore

/// A block `target += scale × (shared(x) + Σ weight × down(activation(gate(x)) × up(x)))` over the experts of
/// each row, with `x = norm(hidden)`.
///
/// Experts without gates are `down(activation(up(x)))`. Where the file has it, these read and give
/// shorter vectors, with a product before them and one behind their sum (Nemotron 3 Super, NVIDIA
/// 2025).
///
/// A row adds its experts in the order of their numbers, so its sum does not depend on other rows.
package struct ExpertsLayer: FeedForward {
  /// What an expert multiplies with.
  private struct Expert: Sendable {
    /// Gate and up, one product; of experts without gates up alone.
    let inputs: Projection
    let output: Projection
  }

  private let norm: Norm?
  /// The norm of what the router reads; nil where that is what the experts read, or what
  /// `KeptInput` has kept.
  private let routerNorm: Norm?
  private let routerReadsKept: Bool
  private let router: Projection
  private let routerBias: Vector?
  private let routing: ExpertRouting
  /// To the shorter vectors of experts, and from them.
  private let latent: (down: Projection, up: Projection)?
  private let experts: [Expert]
  /// What is added to each part of their inputs' products, and to what they give.
  private let inputBiases: [ExpertBiases]
  private let outputBiases: ExpertBiases
  /// A factor on what each expert's last product gives, `[expertCount]`; nil for none.
  private let outputFactors: [Float]?
  /// What every row goes to beside its experts.
  private let shared: (any FeedForward)?
  private let activation: Activation
  /// What experts without gates do; nil for those with gates.
  private let plain: PlainActivation?
  private let residualScale: Float
  /// How the gated values are quantised where they are wanted in that form alone.
  private let gatedScaling: ActivationScaling?

  /// Reads layer `index` with the tensor names that most families share.
  ///
  /// - Parameters:
  ///   - norms: whether experts read the norm of `hidden`, or `hidden` itself.
  ///   - routerNorm: the norm of what the router reads, where it has one of its own.
  ///   - routerReadsKept: whether the router reads the layer's input, which `KeptInput` has kept.
  ///   - plain: what experts without gates do; nil for those with gates.
  ///   - gate: what scores go through where the file does not say it.
  ///   - normalises: whether the weights of a row's experts add up to 1; nil where the file says.
  ///   - weighsInputs: whether weights stand on what experts read.
  ///   - inner: values between the products of an expert; nil takes the file's length for experts.
  ///   - isShared: whether every row goes to another expert too.
  package init(
    _ weights: WeightLoader, _ index: Int, norm normName: String = "ffn_norm.weight",
    norms: BlockNorms = .before, routerNorm: Norm? = nil, routerReadsKept: Bool = false,
    activation: Activation = .silu, plain: PlainActivation? = nil,
    gate: ExpertRouting.Gate = .softmax, normalises: Bool? = nil, weighsInputs: Bool = false,
    inner: Int? = nil, isShared: Bool = false, residualScale: Float = 1
  ) throws {
    let h = weights.hyperparameters
    let name = "blk.\(index)."
    let width = h.embeddingLength
    let inner = try inner ?? h.expertInner()
    var routing = try h.expertRouting(gate: gate, normalises: normalises)
    routing.weighsInputs = weighsInputs
    let count = routing.expertCount
    routing.bias = try weights.optionalVector(name + "exp_probs_b.bias", count: count)
    self.routing = routing
    norm = norms.isBefore ? try weights.norm(name + normName, count: width) : nil
    self.routerNorm = routerNorm
    self.routerReadsKept = routerReadsKept
    router = Projection(
      try weights.matrix(name + "ffn_gate_inp.weight", rows: count, columns: width))
    routerBias = try weights.optionalVector(name + "ffn_gate_inp.bias", count: count)
    let latentWidth = plain == nil ? nil : try weights.latentWidth(ofExperts: name)
    latent = try latentWidth.map {
      (
        Projection(
          try weights.matrix(name + "ffn_latent_down.weight", rows: $0, columns: width)),
        Projection(
          try weights.matrix(name + "ffn_latent_up.weight", rows: width, columns: $0))
      )
    }
    let outer = latentWidth ?? width
    let parts = plain == nil ? ["gate", "up"] : ["up"]
    func biases(_ part: String, count length: Int) throws -> ExpertBiases {
      let name = name + "ffn_\(part)_exps.bias"
      return ExpertBiases(try weights.optionalStack(name, count: count, length: length))
    }
    let inputs = try weights.inputs(
      ofExperts: name, parts, count: count, inner: inner, width: outer)
    let down = name + "ffn_down_exps.weight"
    outputFactors = try weights.factors(down, count: count)
    let outputs = try weights.stack(
      down, count: count, rows: [outer], columns: inner, isScaled: outputFactors == nil)
    inputBiases = try parts.map { try biases($0, count: inner) }
    outputBiases = try biases("down", count: outer)
    experts = (0..<count).map {
      Expert(inputs: Projection(inputs[$0]), output: Projection(outputs[$0]))
    }
    self.activation = activation
    self.plain = plain
    self.residualScale = residualScale
    shared =
      isShared
      ? try weights.sharedExpert(
        index, activation, plain, inner: try h.sharedExpertInner(ofExpert: inner),
        residualScale: residualScale) : nil
    let areGated =
      plain == nil && inputBiases.allSatisfy(\.isEmpty) && experts.allSatisfy(\.inputs.isGated)
    gatedScaling = areGated ? experts[0].output.scaling : nil
  }

  package func size(_ shape: inout WorkspaceShape) {
    shape.include(router)
    shape.include(experts[0].inputs)
    shape.include(experts[0].output)
    shared?.size(&shape)
    shape.normedWidth = max(shape.normedWidth, shape.width)
    if let latent {
      shape.include(latent.down)
      shape.include(latent.up)
      shape.normedWidth = max(shape.normedWidth, latent.down.outputStride)
      shape.sumWidth = max(shape.sumWidth, latent.up.columnCount)
    }
    if gatedScaling != nil {
      shape.gatedWidth = max(shape.gatedWidth, experts[0].output.columnCount)
    }
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    let readsOther = routerNorm != nil || routerReadsKept
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: input,
      quantised: readsOther ? nil : router.scaling)
    compute.copy(
      input.floats, to: workspace.normed, columns: workspace.width, rows: rows)
    if readsOther {
      compute.apply(
        routerNorm, to: routerReadsKept ? workspace.sum : workspace.hidden, rows: rows,
        into: input, quantised: router.scaling)
    }
    router.multiply(input, rows: rows, into: workspace.projected, compute)
    if let routerBias { compute.add(routerBias, to: workspace.projected, rows: rows) }
    let choices = compute.choices(workspace.projected, rows: rows, routing)
    // Before anything is added to what it reads.
    shared?.forward(pass, into: target)
    guard let latent else {
      return add(choices, pass, scale: residualScale, to: target, columns: workspace.width)
    }
    compute.apply(
      nil, to: workspace.normed, rows: rows, into: input, quantised: latent.down.scaling)
    latent.down.multiply(input, rows: rows, into: workspace.normed, compute)
    let (sum, columns) = (workspace.sum, latent.up.columnCount)
    for row in 0..<rows { sum.row(row).update(repeating: 0, count: columns) }
    add(choices, pass, scale: 1, to: sum, columns: columns)
    let short = workspace.input(columns: columns)
    compute.apply(nil, to: sum, rows: rows, into: short, quantised: latent.up.scaling)
    latent.up.multiply(short, rows: rows, into: workspace.projected, compute)
    compute.addResidual(
      workspace.projected, norm: nil, epsilon: 0, scale: residualScale, to: target,
      columns: workspace.width, rows: rows)
  }

  /// Adds what experts make of `workspace.normed`.
  private func add(
    _ choices: [ExpertChoice], _ pass: Pass, scale: Float, to target: FloatRows, columns: Int
  ) {
    let (workspace, compute) = (pass.workspace, pass.compute)
    var rest = choices[...]
    while !rest.isEmpty {
      let group = ExpertGroup(rest, capacity: workspace.maximumRows)
      let inner = activate(group, pass)
      compute.multiply(
        group.runs.map { run in
          Product(
            experts[run.expert].output, inner.rows(from: run.place), rows: run.count,
            into: workspace.projected.rows(from: run.place))
        })
      compute.scatter(
        workspace.projected, group, scale: scale, areWeighed: routing.weighsInputs,
        factors: outputFactors, biases: outputBiases, to: target, columns: columns)
      rest = rest[group.choices.endIndex...]
    }
  }

  /// `activation(gate(x)) × up(x)` or `activation(up(x))` of each expert for its rows.
  private func activate(_ group: ExpertGroup, _ pass: Pass) -> Activations {
    let (workspace, compute) = (pass.workspace, pass.compute)
    // All experts have the same shapes and formats.
    let first = experts[0]
    let input = workspace.input(columns: first.inputs.columnCount)
    compute.gather(
      workspace.normed, group, areWeighed: routing.weighsInputs, into: input,
      quantised: first.inputs.scaling)
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
    let inner = workspace.input(columns: first.output.columnCount)
    if let plain {
      compute.activate(
        plain, workspace.projected, group, biases: inputBiases[0], into: inner,
        quantised: first.output.scaling)
    } else {
      compute.gate(
        activation, gate: workspace.projected,
        up: workspace.projected.columns(from: first.inputs.offsets[1]), group,
        biases: (inputBiases[0], inputBiases[1]), into: inner, quantised: first.output.scaling)
    }
    return inner
  }
}
