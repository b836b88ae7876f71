// What each token tells each layer, beside its embedding in the residual stream (Gemma 3n, 2025).

import KernelInterface
package import TensorCore

/// `(norm(projection(x) / √width) + table[token] × √length) / √2` for each layer, with `x` the token's
/// embedding.
package struct LayerInputs: Sendable {
  /// Values for a layer.
  package let length: Int
  private let layerCount: Int
  private let table: RowTable
  private let projection: Projection
  /// Of the values of one layer.
  private let norm: Vector
  private let normEpsilon: Float

  /// Reads the tensors of all layers; nil where the file has none.
  ///
  /// - Parameter defaultLength: values for a layer where the file does not say.
  package init?(_ weights: WeightLoader, defaultLength: Int = 0) throws {
    let h = weights.hyperparameters
    length = try h.int("embedding_length_per_layer_input", in: 0...1 << 16) ?? defaultLength
    guard length > 0 else { return nil }
    layerCount = h.blockCount
    projection = Projection(
      try weights.matrix(
        "per_layer_model_proj.weight", rows: length * layerCount, columns: h.embeddingLength))
    norm = try weights.vector("per_layer_proj_norm.weight", count: length)
    normEpsilon = h.normEpsilon
    guard
      let table = try weights.rowTable(
        "per_layer_token_embd.weight", columns: length * layerCount)
    else {
      try weights.finish()
      return nil
    }
    self.table = table
  }

  /// Makes room for them.
  package func size(_ shape: inout WorkspaceShape) {
    shape.include(projection)
    shape.inputWidth = max(shape.inputWidth, table.columnCount)
    shape.layerInputWidth = projection.outputStride
  }

  /// Fills `workspace.layerInputs` for the rows of a batch, whose embeddings `workspace.hidden` holds.
  package func forward(_ pass: Pass) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    compute.apply(nil, to: workspace.hidden, rows: rows, into: input, quantised: projection.scaling)
    projection.multiply(input, rows: rows, into: workspace.layerInputs, compute)
    compute.scale(
      workspace.layerInputs, by: 1 / Float(workspace.width).squareRoot(),
      columns: table.columnCount, rows: rows)
    let scratch = workspace.input(columns: table.columnCount).floats
    let factor = Float(0.5).squareRoot()
    compute.pool.forEach(rows) { range, _ in
      for index in range {
        // A vector in place of a token tells what the padding token tells.
        let id = if case .token(let id) = pass.batch.rows[index].input { Int(id) } else { 0 }
        let ofToken = workspace.projected.row(index)
        table.read(
          id, into: ofToken, scale: Float(length).squareRoot(), scratch: scratch.row(index))
        let values = workspace.layerInputs.row(index)
        for layer in 0..<layerCount {
          let part = values + layer * length
          compute.kernels.rmsNorm(part, norm.values, length, normEpsilon, part)
        }
        for column in 0..<table.columnCount {
          values[column] = (values[column] + ofToken[column]) * factor
        }
      }
    }
  }
}

/// A block `target += norm(output(gelu(gate(hidden)) × input of the layer))`.
package struct LayerInputLayer: FeedForward {
  private let gate: Projection
  private let output: Projection
  private let norm: Vector
  private let normEpsilon: Float
  /// Where the layer's input begins in a row.
  private let offset: Int

  /// Reads layer `index`.
  package init(_ weights: WeightLoader, _ index: Int, _ inputs: LayerInputs) throws {
    let h = weights.hyperparameters
    let name = "blk.\(index)."
    gate = Projection(
      try weights.matrix(name + "inp_gate.weight", rows: inputs.length, columns: h.embeddingLength))
    output = Projection(
      try weights.matrix(name + "proj.weight", rows: h.embeddingLength, columns: inputs.length))
    norm = try weights.vector(name + "post_norm.weight", count: h.embeddingLength)
    normEpsilon = h.normEpsilon
    offset = index * inputs.length
  }

  package func size(_ shape: inout WorkspaceShape) {
    shape.include(gate)
    shape.include(output)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    compute.apply(nil, to: workspace.hidden, rows: rows, into: input, quantised: gate.scaling)
    gate.multiply(input, rows: rows, into: workspace.projected, compute)
    let gated = workspace.input(columns: output.columnCount)
    compute.gate(
      .geluTanh, gate: workspace.projected, up: workspace.layerInputs.columns(from: offset),
      rows: rows, into: gated, quantised: output.scaling)
    output.multiply(gated, rows: rows, into: workspace.projected, compute)
    compute.addResidual(
      workspace.projected, norm: norm, epsilon: normEpsilon, to: target, columns: workspace.width,
      rows: rows)
  }
}

/// A factor on the residual stream behind a layer.
package struct LayerScale: FeedForward {
  private let factor: Float

  /// Reads layer `index`; nil where the file has no factor.
  package init?(_ weights: WeightLoader, _ index: Int) throws {
    guard
      let factor = try weights.optionalVector("blk.\(index).layer_output_scale.weight", count: 1)
    else { return nil }
    self.factor = factor[0]
  }

  package func size(_ shape: inout WorkspaceShape) {}

  package func forward(_ pass: Pass, into target: FloatRows) {
    pass.compute.scale(target, by: factor, columns: pass.workspace.width, rows: pass.rowCount)
  }
}
