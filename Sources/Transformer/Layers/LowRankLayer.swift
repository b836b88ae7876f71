// A product of low rank beside attention (Laurel, Menghani, Kumar and Kumar 2024).

package import TensorCore

/// `y + norm(right(left(y)))` with `y = norm(hidden)`, which waits in `workspace.sum` for what
/// stands beside it (`LowRankSum`).
package struct LowRankLayer: FeedForward {
  /// That of attention.
  private let inputNorm: Norm
  private let left: Projection
  private let right: Projection
  private let norm: Vector
  private let epsilon: Float

  /// Reads layer `index`.
  package init(_ weights: WeightLoader, _ index: Int) throws {
    let h = weights.hyperparameters
    let (width, name) = (h.embeddingLength, "blk.\(index).")
    let rank = max(1, weights.rowCount(name + "laurel_l.weight") ?? 1)
    inputNorm = try weights.norm(name + "attn_norm.weight", count: width)
    left = Projection(try weights.matrix(name + "laurel_l.weight", rows: rank, columns: width))
    right = Projection(try weights.matrix(name + "laurel_r.weight", rows: width, columns: rank))
    norm = try weights.vector(name + "laurel_post_norm.weight", count: width)
    epsilon = h.normEpsilon
  }

  package func size(_ shape: inout WorkspaceShape) {
    shape.include(left)
    shape.include(right)
    shape.sumWidth = max(shape.sumWidth, shape.width)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let input = workspace.input(columns: workspace.width)
    compute.apply(
      inputNorm, to: workspace.hidden, rows: rows, into: input, quantised: left.scaling)
    compute.copy(input.floats, to: workspace.sum, columns: workspace.width, rows: rows)
    left.multiply(input, rows: rows, into: workspace.projected, compute)
    let short = workspace.input(columns: right.columnCount)
    compute.apply(
      nil, to: workspace.projected, rows: rows, into: short, quantised: right.scaling)
    right.multiply(short, rows: rows, into: workspace.projected, compute)
    compute.addResidual(
      workspace.projected, norm: norm, epsilon: epsilon, to: workspace.sum,
      columns: workspace.width, rows: rows)
  }
}

/// `target = (target + workspace.sum) / √2`.
package struct LowRankSum: FeedForward {
  package init() {}

  package func size(_ shape: inout WorkspaceShape) {}

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    compute.add(workspace.sum, to: target, columns: workspace.width, rows: rows)
    compute.scale(
      target, by: Float(0.5).squareRoot(), columns: workspace.width, rows: rows)
  }
}
