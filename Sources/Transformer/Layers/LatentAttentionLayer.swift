// Attention whose keys and values come from one short vector of each position (DeepSeek-V2, 2024).

package import TensorCore

/// How long the parts of latent attention are.
package struct LatentAttentionSizes: Sendable {
  package let headCount: Int
  /// Values of the vector that all heads' keys and values come from.
  package let rank: Int
  /// Values of the vector that queries come from; 0 where they come from the layer's input.
  package let queryRank: Int
  /// The part of a head that turns; all heads share that part of a key.
  package let turned: Int
  /// The part of a head that does not.
  package let plain: Int
  package let valueLength: Int
  /// Whether the vectors themselves are kept, and heads look at them; else each head's key and value.
  package let keepsLatents: Bool

  package init(
    headCount: Int, rank: Int, queryRank: Int, turned: Int, plain: Int, valueLength: Int,
    keepsLatents: Bool
  ) {
    self.headCount = headCount
    self.rank = rank
    self.queryRank = queryRank
    self.turned = turned
    self.plain = plain
    self.valueLength = valueLength
    self.keepsLatents = keepsLatents
  }

  /// The heads that the cache is looked at with: their turned part stands first.
  package func heads(scale: Float) -> AttentionHeads {
    keepsLatents
      ? AttentionHeads(
        headCount: headCount, keyValueHeadCount: 1, keyLength: turned + rank, valueLength: rank,
        scale: scale)
      : AttentionHeads(
        headCount: headCount, keyValueHeadCount: headCount, keyLength: turned + plain,
        valueLength: valueLength, scale: scale)
  }

  /// What a layer keeps of a position.
  package var memory: LayerMemoryShape {
    let heads = heads(scale: 1)
    return LayerMemoryShape(
      headCount: heads.keyValueHeadCount, keyLength: heads.keyLength,
      valueLength: heads.valueLength)
  }
}

/// A block `target += scale × output(attend(q, k, v))` with, for each head, `q =
/// queries(norm(hidden))`, `k = keys(latent)` and `v = values(latent)` beside a part of q and k
/// that turns, and `latent = norm(down(norm(hidden)))`.
///
/// Where latents are kept, `q · keys(latent)` is computed as `keysᵀ(q) · latent`, and
/// `Σ p × values(latent)` as `values(Σ p × latent)`.
package struct LatentAttentionLayer: Sendable {
  /// What comes behind the latent vector.
  private enum Heads: Sendable {
    /// From each head's query to what it is multiplied with, and from a sum of latents to its value.
    case latent(keys: [Projection], values: [Projection])
    /// From the latent vector to each head's key and value, side by side.
    case own(Projection)
  }

  private let norm: Norm
  /// The query, or the vector that it comes from, and the latent vector with the key's turned part.
  private let inputs: Projection
  private let queries: (norm: Norm, projection: Projection)?
  private let latentNorm: Norm
  private let parts: Heads
  private let output: Projection
  private let heads: AttentionHeads
  private let sizes: LatentAttentionSizes
  private let rotaryIndex: Int
  /// The factor on what is added.
  private let residualScale: Float

  /// Where parts of a row of `workspace.projected` begin, behind the queries.
  private let offsets: (inputs: Int, queries: Int, own: Int, keys: Int, values: Int, end: Int)

  /// Reads layer `index`.
  package init(
    _ weights: WeightLoader, _ index: Int, _ sizes: LatentAttentionSizes, heads: AttentionHeads,
    rotaryIndex: Int, residualScale: Float = 1
  ) throws {
    let width = weights.hyperparameters.embeddingLength
    let name = "blk.\(index).attn_"
    let count = sizes.headCount
    let queryWidth = count * (sizes.plain + sizes.turned)
    norm = try weights.norm(name + "norm.weight", count: width)
    let isShort = sizes.queryRank > 0
    inputs = Projection([
      try weights.matrix(
        name + (isShort ? "q_a.weight" : "q.weight"), rows: isShort ? sizes.queryRank : queryWidth,
        columns: width),
      try weights.matrix(
        name + "kv_a_mqa.weight", rows: sizes.rank + sizes.turned, columns: width),
    ])
    queries =
      isShort
      ? (
        try weights.norm(name + "q_a_norm.weight", count: sizes.queryRank),
        Projection(
          try weights.matrix(name + "q_b.weight", rows: queryWidth, columns: sizes.queryRank))
      ) : nil
    latentNorm = try weights.norm(name + "kv_a_norm.weight", count: sizes.rank)
    if sizes.keepsLatents {
      func stack(_ part: String, rows: Int, columns: Int) throws -> [Projection] {
        try weights.stack(name + part, count: count, rows: [rows], columns: columns)
          .map { Projection($0) }
      }
      parts = .latent(
        keys: try stack("k_b.weight", rows: sizes.rank, columns: sizes.plain),
        values: try stack("v_b.weight", rows: sizes.valueLength, columns: sizes.rank))
    } else {
      parts = .own(
        Projection(
          try weights.matrix(
            name + "kv_b.weight", rows: count * (sizes.plain + sizes.valueLength),
            columns: sizes.rank)))
    }
    output = Projection(
      try weights.matrix(
        name + "output.weight", rows: width, columns: count * sizes.valueLength))
    self.heads = heads
    self.sizes = sizes
    self.rotaryIndex = rotaryIndex
    self.residualScale = residualScale

    // Values of heads stand where queries stood.
    let front = heads.headCount * max(heads.keyLength, sizes.valueLength)
    var place = (front + 15) / 16 * 16
    func take(_ width: Int) -> Int {
      defer { place += (width + 15) / 16 * 16 }
      return place
    }
    var ownWidth = 0
    if case .own(let projection) = parts { ownWidth = projection.outputStride }
    let keyWidth = heads.keyValueHeadCount * heads.keyLength
    offsets = (
      inputs: take(inputs.outputStride), queries: take(queries?.projection.outputStride ?? 0),
      own: take(ownWidth), keys: take(keyWidth),
      values: take(heads.keyValueHeadCount * heads.valueLength), end: place
    )
  }

  package var memory: LayerMemoryShape { sizes.memory }

  /// Values of a row's queries.
  package var queryWidth: Int { heads.headCount * heads.keyLength }

  /// Makes room for this layer.
  package func size(_ shape: inout WorkspaceShape) {
    shape.include(inputs)
    shape.include(output)
    if let queries { shape.include(queries.projection) }
    let count = sizes.headCount
    shape.inputWidth = max(
      shape.inputWidth, sizes.rank, count * sizes.plain, count * heads.valueLength)
    shape.outputWidth = max(
      shape.outputWidth, offsets.end, offsets.inputs + output.outputStride)
    shape.attentionScratch = max(shape.attentionScratch, AttentionScratch.floatCount(heads))
    shape.attentionStates = max(
      shape.attentionStates, AttentionScratch.stateCount(heads, positions: shape.contextLength))
  }

  /// Stores what all rows keep, and leaves their queries in `workspace.projected`.
  package func store(_ pass: Pass, layer: Int) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    compute.apply(norm, to: workspace.hidden, rows: rows, into: input, quantised: inputs.scaling)
    let first = workspace.projected.columns(from: offsets.inputs)
    inputs.multiply(input, rows: rows, into: first, compute)

    var query = first
    if let queries {
      let short = workspace.input(columns: sizes.queryRank)
      compute.apply(
        queries.norm, to: first, rows: rows, into: short, quantised: queries.projection.scaling)
      query = workspace.projected.columns(from: offsets.queries)
      queries.projection.multiply(short, rows: rows, into: query, compute)
    }
    let latents = first.columns(from: inputs.offsets[1])
    let turnedKey = latents.columns(from: sizes.rank)
    let normed = workspace.input(columns: sizes.rank)
    let keys = workspace.projected.columns(from: offsets.keys)
    var values = keys.columns(from: sizes.turned)
    let length = sizes.plain + sizes.turned
    let target = workspace.projected
    switch parts {
    case .latent(let projections, _):
      compute.apply(latentNorm, to: latents, rows: rows, into: normed, quantised: nil)
      compute.copy(normed.floats, to: values, columns: sizes.rank, rows: rows)
      compute.copy(turnedKey, to: keys, columns: sizes.turned, rows: rows)
      for head in 0..<sizes.headCount {
        compute.copy(
          query.columns(from: head * length + sizes.plain),
          to: target.columns(from: head * heads.keyLength), columns: sizes.turned, rows: rows)
      }
      multiply(
        projections, query, stride: length,
        into: target.columns(from: sizes.turned), stride: heads.keyLength, pass)
    case .own(let projection):
      compute.apply(
        latentNorm, to: latents, rows: rows, into: normed, quantised: projection.scaling)
      let own = workspace.projected.columns(from: offsets.own)
      projection.multiply(normed, rows: rows, into: own, compute)
      values = workspace.projected.columns(from: offsets.values)
      for head in 0..<sizes.headCount {
        let (place, source) = (head * length, head * (sizes.plain + sizes.valueLength))
        func copy(_ source: FloatRows, _ target: FloatRows, _ count: Int) {
          compute.copy(source, to: target, columns: count, rows: rows)
        }
        copy(
          query.columns(from: place + sizes.plain), target.columns(from: place), sizes.turned)
        copy(query.columns(from: place), target.columns(from: place + sizes.turned), sizes.plain)
        copy(turnedKey, keys.columns(from: place), sizes.turned)
        copy(
          own.columns(from: source), keys.columns(from: place + sizes.turned), sizes.plain)
        copy(
          own.columns(from: source + sizes.plain), values.columns(from: head * sizes.valueLength),
          sizes.valueLength)
      }
    }
    compute.storeHeads(
      heads, query: target, key: keys, value: values, angles: workspace.angles[rotaryIndex],
      runs: pass.batch.attentionRuns(layer: layer))
  }

  /// Attends for the rows whose queries `store` left, and adds to `target`.
  package func attend(_ pass: Pass, layer: Int, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    var attended = workspace.input(columns: heads.headCount * heads.valueLength)
    compute.attend(
      heads, query: workspace.projected, output: attended.floats,
      runs: pass.batch.attentionRuns(layer: layer), scratch: workspace.attentionScratch)
    if case .latent(_, let projections) = parts {
      multiply(
        projections, attended.floats, stride: sizes.rank, into: workspace.projected,
        stride: sizes.valueLength, pass)
      attended = Activations(
        floats: workspace.projected, quantised: attended.quantised,
        columns: sizes.headCount * sizes.valueLength)
    }
    compute.quantise(attended, for: output, rows: rows)
    // Behind what it reads.
    let result = workspace.projected.columns(from: offsets.inputs)
    output.multiply(attended, rows: rows, into: result, compute)
    compute.addResidual(
      result, norm: nil, epsilon: 0, scale: residualScale, to: target, columns: workspace.width,
      rows: rows)
  }

  /// A product of each head's part of a row, `stride` values from one to the next, in one region.
  private func multiply(
    _ projections: [Projection], _ source: FloatRows, stride: Int, into target: FloatRows,
    stride targetStride: Int, _ pass: Pass
  ) {
    let columns = projections[0].columnCount
    let quantised = pass.workspace.input(columns: columns).quantised
    let bytes = Activations.quantisedBytes(rows: pass.rowCount, columns: columns)
    let products = projections.enumerated().map { head, projection in
      let input = Activations(
        floats: source.columns(from: head * stride), quantised: quantised + head * bytes,
        columns: columns)
      pass.compute.quantise(input, for: projection, rows: pass.rowCount)
      return Product(
        projection, input, rows: pass.rowCount,
        into: target.columns(from: head * targetStride))
    }
    pass.compute.multiply(products)
  }
}
