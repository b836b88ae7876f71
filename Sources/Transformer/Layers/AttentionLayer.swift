// Self-attention with a residual: norm, query-key-value, heads, output.

package import TensorCore

/// Which norms a block has.
package enum BlockNorms: Sendable {
  /// One of its input.
  case before
  /// One of what it adds (OLMo 2).
  case after
  /// Both (Gemma).
  case beforeAndAfter
  /// None of its own (BERT, which norms the sum).
  case outside

  package var isBefore: Bool { self == .before || self == .beforeAndAfter }
  package var isAfter: Bool { self == .after || self == .beforeAndAfter }
}

/// Where a layer's keys and values come from.
package enum KeyValueSource: Sendable, Equatable {
  /// Products of its own.
  case own
  /// A product of its own, whose rows are keys before they are normed and turned, and values.
  case keysAlone
  /// What another layer has stored.
  case layer(Int)
}

/// An attention block `target += scale × norm(output(attend(qkv(norm(hidden)))))`, where queries have gates
/// with each value of `attend` times the sigmoid of its gate.
package struct AttentionLayer: Sendable {
  package let norm: Norm?
  /// Query, gates of queries, key and value as far as the layer has them, one product.
  package let inputs: Projection
  /// Where keys and values begin in a row of it.
  private let keyOffset: Int
  private let valueOffset: Int
  package let inputBiases: [Vector?]
  /// What queries, keys and values are kept within; nil for no bounds.
  private let inputBound: Float?
  /// The product of values once more, for what rounding left of its input; nil where nothing does.
  ///
  /// An encoder's vector is a sum of values, and more than half of its error was from rounding what
  /// they are made of to 8 bits.
  private let fineValues: Projection?
  package let output: Projection
  package let outputBias: Vector?
  /// A norm of the output before it is added.
  package let outputNorm: Vector?
  package let normEpsilon: Float
  /// The factor on what is added.
  package let residualScale: Float
  package let heads: AttentionHeads
  /// Which of the model's rotary embeddings turns the heads.
  package let rotaryIndex: Int
  private let source: KeyValueSource
  private let isGated: Bool

  /// Reads layer `index` with the tensor names that most families share.
  ///
  /// - Parameters:
  ///   - outputNorm: the name of the norm behind the block.
  ///   - isGated: whether the rows of a head's queries are followed by those of their gates.
  package init(
    _ weights: WeightLoader, _ index: Int, norm normName: String = "attn_norm.weight",
    heads: AttentionHeads, rotaryIndex: Int, source: KeyValueSource = .own,
    norms: BlockNorms = .before, outputNorm outputNormName: String = "post_attention_norm.weight",
    residualScale: Float = 1, isGated: Bool = false
  ) throws {
    let h = weights.hyperparameters
    let name = "blk.\(index)."
    let queryWidth = heads.headCount * heads.keyLength
    let keyWidth = heads.keyValueHeadCount * heads.keyLength
    let valueWidth = heads.keyValueHeadCount * heads.valueLength
    guard h.attends(index) else {
      throw h.unsupported(
        "attention.head_count_kv", "layer \(index) has no heads, which the family does not know")
    }
    norm =
      norms.isBefore
      ? try weights.norm(name + normName, count: h.embeddingLength) : nil
    let count =
      switch source {
      case .own: 3
      case .keysAlone: 2
      case .layer: 1
      }
    let names = ["attn_q", "attn_k", "attn_v"].prefix(count).map { name + $0 }
    let widths = Array([queryWidth, keyWidth, valueWidth].prefix(count))
    self.source = source
    self.isGated = isGated
    if isGated {
      guard heads.keyLength % 16 == 0 else {
        throw h.unsupported(
          "attention.key_length", "is \(heads.keyLength), expected a multiple of 16")
      }
      guard heads.keyLength == heads.valueLength else {
        throw h.unsupported(
          "attention.value_length",
          "is \(heads.valueLength), not \(h.architecture).attention.key_length "
            + "\(heads.keyLength)")
      }
      if !weights.has(names[0] + ".weight") {
        // There may be many heads, for which nothing is to stand in.
        _ = try weights.matrix(
          names[0] + ".weight", rows: 2 * queryWidth, columns: h.embeddingLength)
        try weights.finish()
      }
      // Queries of all heads, then gates of all heads.
      let queries = try weights.parts(
        names[0] + ".weight",
        rows: Array(repeating: heads.keyLength, count: 2 * heads.headCount),
        columns: h.embeddingLength)
      let order = [0, 1].flatMap { stride(from: $0, to: queries.count, by: 2) }
      inputs = Projection(
        try order.map { queries[$0] }
          + zip(names, widths).dropFirst().map {
            try weights.matrix($0 + ".weight", rows: $1, columns: h.embeddingLength)
          })
      inputBiases = []
    } else {
      let fused = name + "attn_qkv.weight"
      if case .layer = source, weights.has(fused) {
        // Keys and values of its own stand behind the queries, and nobody sees them.
        inputs = Projection(
          try weights.parts(
            fused, rows: [queryWidth, keyWidth, valueWidth], columns: h.embeddingLength)[0])
      } else {
        inputs = Projection(
          try weights.matrices(
            names.map { $0 + ".weight" }, fused: fused, rows: widths,
            columns: h.embeddingLength))
      }
      inputBiases = try weights.optionalVectors(
        names.map { $0 + ".bias" }, fused: name + "attn_qkv.bias", counts: widths)
    }
    inputBound = try h.float("attention.clamp_kqv").flatMap { $0 > 0 ? $0 : nil }
    fineValues =
      h.isEncoder && source == .own && inputs.scaling != nil
      ? inputs.parts.last.map { Projection($0) } : nil
    let offsets = inputs.offsets.suffix(count - 1)
    keyOffset = offsets.first ?? inputs.outputStride
    valueOffset = count == 3 ? inputs.offsets[inputs.offsets.count - 1] : inputs.outputStride
    output = Projection(
      try weights.matrix(
        name + "attn_output.weight", rows: h.embeddingLength,
        columns: heads.headCount * heads.valueLength))
    outputBias = try weights.optionalVector(name + "attn_output.bias", count: h.embeddingLength)
    outputNorm =
      norms.isAfter
      ? try weights.vector(name + outputNormName, count: h.embeddingLength) : nil
    normEpsilon = h.normEpsilon
    self.residualScale = residualScale
    self.heads = heads
    self.rotaryIndex = rotaryIndex
  }

  /// A layer of queries, keys and values of its own, from its parts.
  ///
  /// - Parameters:
  ///   - inputs: query, key and value.
  ///   - inputBiases: one for each of them, nil where it has none.
  package init(
    norm: Norm, inputs: Projection, inputBiases: [Vector?], output: Projection,
    outputBias: Vector?, heads: AttentionHeads
  ) {
    self.norm = norm
    self.inputs = inputs
    self.inputBiases = inputBiases
    (keyOffset, valueOffset) = (inputs.offsets[1], inputs.offsets[2])
    self.output = output
    self.outputBias = outputBias
    self.heads = heads
    (inputBound, fineValues, outputNorm) = (nil, nil, nil)
    (normEpsilon, residualScale) = (0, 1)
    (rotaryIndex, source, isGated) = (0, .own, false)
  }

  /// Makes room for this layer.
  package func size(_ shape: inout WorkspaceShape) {
    shape.include(inputs)
    shape.include(output)
    if source == .keysAlone {
      shape.outputWidth = max(shape.outputWidth, inputs.outputStride + keyWidth)
    }
    if let fineValues {
      shape.outputWidth = max(
        shape.outputWidth, inputs.outputStride + fineValues.outputStride)
    }
    shape.attentionScratch = max(
      shape.attentionScratch, AttentionScratch.floatCount(heads))
    shape.attentionStates = max(
      shape.attentionStates,
      AttentionScratch.stateCount(heads, positions: shape.contextLength))
  }

  package var memory: LayerMemoryShape {
    if case .layer = source { return .none }
    return LayerMemoryShape(
      headCount: heads.keyValueHeadCount, keyLength: heads.keyLength,
      valueLength: heads.valueLength, window: heads.isCausal ? heads.window : nil)
  }

  /// Values of a row's queries, and of their gates, which `store` leaves.
  package var heldWidth: Int { (isGated ? 2 : 1) * queryWidth }
  private var queryWidth: Int { heads.headCount * heads.keyLength }
  private var keyWidth: Int { heads.keyValueHeadCount * heads.keyLength }

  /// Stores keys and values of all rows, and leaves their queries in `workspace.projected`.
  package func store(_ pass: Pass, layer: Int) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    compute.apply(
      norm, to: workspace.hidden, rows: rows, into: input, quantised: inputs.scaling)
    inputs.multiply(input, rows: rows, into: workspace.projected, compute)
    if let fineValues, let scaling = fineValues.scaling {
      let rest = workspace.projected.columns(from: inputs.outputStride)
      compute.quantiseRest(input, scaling, rows: rows)
      fineValues.multiply(input, rows: rows, into: rest, compute)
      compute.add(
        rest, to: workspace.projected.columns(from: valueOffset),
        columns: fineValues.outputStride, rows: rows)
    }
    for (bias, offset) in zip(inputBiases, inputs.offsets) {
      if let bias { compute.add(bias, to: workspace.projected.columns(from: offset), rows: rows) }
    }
    if let inputBound {
      compute.clamp(
        workspace.projected, to: inputBound, columns: inputs.outputStride, rows: rows)
    }

    let angles = workspace.angles[rotaryIndex]
    let runs = pass.batch.attentionRuns(layer: cacheLayer(of: layer))
    if case .layer = source {
      return compute.prepareQueries(heads, workspace.projected, angles: angles, runs: runs)
    }
    let keys = workspace.projected.columns(from: keyOffset)
    let values = workspace.projected.columns(from: valueOffset)
    if source == .keysAlone {
      compute.copy(keys, to: values, columns: keyWidth, rows: rows)
    }
    compute.storeHeads(
      heads, query: workspace.projected, key: keys, value: values, angles: angles, runs: runs)
  }

  /// The layer whose cache holds what this one sees.
  private func cacheLayer(of layer: Int) -> Int {
    if case .layer(let other) = source { other } else { layer }
  }

  /// Attends for the rows whose queries `store` left, and adds to `target`.
  package func attend(_ pass: Pass, layer: Int, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let attended = workspace.input(columns: heads.headCount * heads.valueLength)
    compute.attend(
      heads, query: workspace.projected, output: attended.floats,
      runs: pass.batch.attentionRuns(layer: cacheLayer(of: layer)),
      scratch: workspace.attentionScratch)
    if isGated {
      compute.multiply(
        attended.floats, bySigmoidOf: workspace.projected.columns(from: queryWidth),
        columns: queryWidth, rows: rows)
    }
    compute.quantise(attended, for: output, rows: rows)
    output.multiply(attended, rows: rows, into: workspace.projected, compute)
    if let outputBias { compute.add(outputBias, to: workspace.projected, rows: rows) }
    compute.addResidual(
      workspace.projected, norm: outputNorm, epsilon: normEpsilon, scale: residualScale,
      to: target, columns: workspace.width, rows: rows)
  }
}
