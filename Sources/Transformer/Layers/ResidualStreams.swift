// Several residual streams, of which blocks take one (AltUp, Baykal et al. 2023; Gemma 3n, 2025).

package import TensorCore

/// What tells a row how its streams take part in one another: `tanh(router(norm(stream)) / width)`.
private struct StreamRouter: Sendable {
  private let norm: Norm
  private let projection: Projection
  let shape: StreamShape

  init(_ weights: WeightLoader, _ index: Int, _ shape: StreamShape) throws {
    let name = "blk.\(index).altup_router"
    self.shape = shape
    norm = try weights.norm(name + "_norm.weight", count: shape.width)
    projection = Projection(
      try weights.matrix(name + ".weight", rows: shape.count, columns: shape.width))
  }

  func size(_ workspace: inout WorkspaceShape, coefficientCount: Int) {
    workspace.include(projection)
    workspace.outputWidth = max(
      workspace.outputWidth, projection.outputStride + coefficientCount)
    workspace.streamWidth = max(workspace.streamWidth, shape.total)
  }

  /// `bias + table · tanh(router(norm(stream)) / width)` of each row.
  func coefficients(_ pass: Pass, table: Vector, bias: Float, of stream: FloatRows) -> FloatRows {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: shape.width)
    compute.apply(norm, to: stream, rows: rows, into: input, quantised: projection.scaling)
    projection.multiply(input, rows: rows, into: workspace.projected, compute)
    let coefficients = workspace.projected.columns(from: projection.outputStride)
    compute.weighStreams(
      workspace.projected, count: shape.count, factor: 1 / Float(shape.width), by: table,
      bias: bias, into: coefficients, rows: rows)
    return coefficients
  }
}

/// Where streams begin: the first is the embedding, the others are products of it that are as long.
package struct StreamSplit: FeedForward {
  private let projection: Projection
  private let shape: StreamShape

  package init(_ weights: WeightLoader, _ shape: StreamShape) throws {
    self.shape = shape
    projection = Projection(
      try weights.stack(
        "altup_proj.weight", count: shape.count - 1, rows: [shape.width], columns: shape.width
      ).flatMap { $0 })
  }

  package func size(_ workspace: inout WorkspaceShape) {
    workspace.include(projection)
    workspace.streamWidth = max(workspace.streamWidth, shape.total)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: shape.width)
    compute.copy(workspace.hidden, to: workspace.streams, columns: shape.width, rows: rows)
    compute.apply(
      nil, to: workspace.hidden, rows: rows, into: input, quantised: projection.scaling)
    projection.multiply(input, rows: rows, into: workspace.projected, compute)
    for (index, offset) in projection.offsets.enumerated() {
      let stream = workspace.projected.columns(from: offset)
      compute.setLengths(of: stream, to: workspace.hidden, columns: shape.width, rows: rows)
      compute.copy(
        stream, to: workspace.streams.columns(from: (index + 1) * shape.width),
        columns: shape.width, rows: rows)
    }
  }
}

/// Where streams end: the mean of the first and of products of the others that are as long.
package struct StreamMerge: FeedForward {
  private let projections: [Projection]
  private let shape: StreamShape

  package init(_ weights: WeightLoader, _ shape: StreamShape) throws {
    self.shape = shape
    projections = try weights.stack(
      "altup_unembd_proj.weight", count: shape.count - 1, rows: [shape.width],
      columns: shape.width
    ).map { Projection($0) }
  }

  package func size(_ workspace: inout WorkspaceShape) {
    for projection in projections { workspace.include(projection) }
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let streams = workspace.streams
    compute.copy(streams, to: target, columns: shape.width, rows: rows)
    for (index, projection) in projections.enumerated() {
      let input = workspace.input(columns: shape.width)
      compute.apply(
        nil, to: streams.columns(from: (index + 1) * shape.width), rows: rows, into: input,
        quantised: projection.scaling)
      projection.multiply(input, rows: rows, into: workspace.projected, compute)
      compute.setLengths(
        of: workspace.projected, to: streams, columns: shape.width, rows: rows)
      compute.add(workspace.projected, to: target, columns: shape.width, rows: rows)
    }
    compute.scale(target, by: 1 / Float(shape.count), columns: shape.width, rows: rows)
  }
}

/// What streams are foreseen to be behind a layer, `stream[i] += Σ c[i, j] × stream[j]`; the first
/// of them is what the layer reads.
package struct StreamPrediction: FeedForward {
  private let router: StreamRouter
  private let table: Vector

  /// Reads layer `index`.
  package init(_ weights: WeightLoader, _ index: Int, _ shape: StreamShape) throws {
    router = try StreamRouter(weights, index, shape)
    table = try weights.table(
      "blk.\(index).altup_predict_coef.weight", shape: [shape.count, shape.count * shape.count])
  }

  package func size(_ workspace: inout WorkspaceShape) {
    router.size(&workspace, coefficientCount: table.count / router.shape.count)
    workspace.inputWidth = max(workspace.inputWidth, router.shape.total)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let shape = router.shape
    let coefficients = router.coefficients(pass, table: table, bias: 0, of: workspace.streams)
    compute.mixStreams(
      workspace.streams, shape, by: coefficients,
      scratch: workspace.input(columns: shape.total).floats, rows: rows)
    compute.copy(workspace.streams, to: target, columns: shape.width, rows: rows)
  }
}

/// What streams become by what a layer has made of the first, `stream[i] += c[i] × (hidden -
/// stream[0])`; then all others get what the token tells the layer.
package struct StreamCorrection: FeedForward {
  private let router: StreamRouter
  private let table: Vector
  /// Of the first stream, where the layer's input reads it.
  private let scale: Vector
  private let layerInput: LayerInputLayer

  /// Reads layer `index`.
  package init(
    _ weights: WeightLoader, _ index: Int, _ shape: StreamShape, _ layerInput: LayerInputLayer
  ) throws {
    let name = "blk.\(index).altup_correct_"
    router = try StreamRouter(weights, index, shape)
    table = try weights.table(name + "coef.weight", shape: [shape.count, shape.count])
    scale = try weights.vector(name + "scale.weight", count: shape.width)
    self.layerInput = layerInput
  }

  package func size(_ workspace: inout WorkspaceShape) {
    router.size(&workspace, coefficientCount: router.shape.count)
    workspace.sumWidth = max(workspace.sumWidth, workspace.width)
    layerInput.size(&workspace)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let (streams, sum) = (workspace.streams, workspace.sum)
    let factors = router.coefficients(pass, table: table, bias: 1, of: target)
    compute.correctStreams(streams, router.shape, by: factors, towards: target, rows: rows)
    compute.multiply(streams, by: scale, into: target, rows: rows)
    for row in 0..<rows { sum.row(row).update(repeating: 0, count: workspace.width) }
    layerInput.forward(pass, into: sum)
    compute.addToLaterStreams(sum, streams, router.shape, rows: rows)
  }
}
