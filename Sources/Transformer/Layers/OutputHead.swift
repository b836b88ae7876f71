// The last norm, and the product that gives a score for every token.

package import TensorCore

/// `logits = cap(scale × head(norm(hidden)) + bias)`, for the rows that want them; an encoder has
/// states alone, `dense(norm(hidden))`.
package struct OutputHead: Sendable {
  private let norm: Norm?
  /// What gives logits; nil for an encoder.
  private let projection: Projection?
  /// What an encoder's states go through behind the norm, one after the other.
  private let dense: [Projection]
  private let scale: Float
  private let bias: Vector?
  private let softCap: Float

  /// Reads the head.
  ///
  /// - Parameter softCap: what logits stay below (`Compute.cap`); 0 where they are not capped.
  package init(
    _ weights: WeightLoader, norm name: String = "output_norm.weight", scale: Float = 1,
    softCap: Float = 0
  ) throws {
    norm = try weights.norm(name, count: weights.hyperparameters.embeddingLength)
    projection = Projection(try weights.outputHead())
    dense = []
    self.scale = scale
    bias = try weights.optionalVector(
      "output.bias", count: weights.hyperparameters.vocabularyCount)
    self.softCap = softCap
  }

  /// The end of an encoder. The last product gives as many values as the first takes.
  package init(norm: Norm?, dense: [Projection]) {
    self.norm = norm
    self.dense = dense
    (projection, bias, scale, softCap) = (nil, nil, 1, 0)
  }

  /// A head without more, from its parts.
  package init(norm: Norm, projection: Projection) {
    self.norm = norm
    self.projection = projection
    (dense, bias, scale, softCap) = ([], nil, 1, 0)
  }

  /// Makes room for the head.
  package func size(_ shape: inout WorkspaceShape) {
    for product in dense { shape.include(product) }
    guard let projection else { return }
    shape.inputWidth = max(shape.inputWidth, projection.columnCount)
    shape.headWidth = max(shape.headWidth, projection.outputStride)
  }

  /// Calls `body` with the normed hidden states `[rows, width]` of the batch's rows that want them, in
  /// order; the view is good only during the call.
  package func hiddenStates(
    _ pass: Pass, _ body: (_ states: FloatRows, _ rows: Int) throws -> Void
  ) rethrows {
    let wanted = pass.batch.stateRows
    guard !wanted.isEmpty else { return }
    let (workspace, compute) = (pass.workspace, pass.compute)
    let output = workspace.input(columns: workspace.width)
    for (index, row) in wanted.enumerated() {
      compute.apply(
        norm, to: workspace.hidden.rows(from: row), rows: 1, into: output.rows(from: index),
        quantised: nil)
    }
    for product in dense {
      let input = workspace.input(columns: product.columnCount)
      compute.quantise(input, for: product, rows: wanted.count)
      product.multiply(input, rows: wanted.count, into: workspace.projected, compute)
      compute.copy(
        workspace.projected, to: input.floats, columns: product.parts[0].rowCount,
        rows: wanted.count)
    }
    try body(output.floats, wanted.count)
  }

  /// Calls `body` with logits `[rows, vocabulary]` for the batch's rows that want them, in order,
  /// at most `workspace.headRows` at once; the view is good only during the call.
  ///
  /// Integer heads read their input with 15 bits instead of 8. Rounding it to 8 bits is a fifth of
  /// all divergence, and few rows reach the head, which is bound by memory anyway.
  package func forward(_ pass: Pass, _ body: (_ logits: FloatRows, _ rows: Int) throws -> Void)
    rethrows
  {
    guard let projection else { return }
    let (workspace, compute) = (pass.workspace, pass.compute)
    let scaling = projection.scaling
    let isFine = scaling != nil
    let wanted = pass.batch.logitRows
    for first in stride(from: 0, to: wanted.count, by: workspace.headRows) {
      let part = wanted[first..<min(first + workspace.headRows, wanted.count)]
      let input = workspace.input(columns: workspace.width)
      for (index, row) in part.enumerated() {
        compute.apply(
          norm, to: workspace.hidden.rows(from: row), rows: 1, into: input.rows(from: index),
          quantised: nil)
        if let scaling {
          compute.quantiseFinely(input, scaling, row: index, of: part.count)
        }
      }
      projection.multiply(
        input, rows: isFine ? 2 * part.count : part.count, into: workspace.logits, compute)
      if isFine {
        compute.addPairs(workspace.logits, count: part.count, columns: projection.outputStride)
      }
      if scale != 1 {
        compute.scale(
          workspace.logits, by: scale, columns: projection.outputStride, rows: part.count)
      }
      if let bias { compute.add(bias, to: workspace.logits, rows: part.count) }
      if softCap > 0 {
        compute.cap(
          workspace.logits, at: softCap, columns: projection.outputStride, rows: part.count)
      }
      try body(workspace.logits, part.count)
    }
  }
}
