// Experts beside a feed-forward block, joined by norms (Gemma 4).

package import KernelInterface
package import TensorCore

/// A block `target += norm(norm₁(dense(x)) + norm₂(Σ weight × expert(x)))`, each side with a norm of its
/// input, and the router with another.
package struct JoinedExpertsLayer: FeedForward {
  /// With its norm behind it.
  private let dense: FeedForwardLayer
  private let experts: ExpertsLayer
  private let expertsNorm: Vector
  private let outputNorm: Vector
  private let normEpsilon: Float

  /// Reads layer `index`.
  package init(_ weights: WeightLoader, _ index: Int, activation: Activation) throws {
    let h = weights.hyperparameters
    let (width, name) = (h.embeddingLength, "blk.\(index).")
    dense = try FeedForwardLayer(
      weights, index, activation: activation, norms: .beforeAndAfter,
      outputNorm: "post_ffw_norm_1.weight", inner: h.feedForwardLengths[index])
    let scale = try weights.vector(name + "ffn_gate_inp.scale", count: width)
    let root = Float(width).squareRoot()
    experts = try ExpertsLayer(
      weights, index, norm: "pre_ffw_norm_2.weight",
      routerNorm: Norm(
        try Vector((0..<scale.count).map { scale[$0] / root }), epsilon: h.normEpsilon,
        isCentred: false),
      activation: activation, normalises: true)
    expertsNorm = try weights.vector(name + "post_ffw_norm_2.weight", count: width)
    outputNorm = try weights.vector(name + "post_ffw_norm.weight", count: width)
    normEpsilon = h.normEpsilon
  }

  package func size(_ shape: inout WorkspaceShape) {
    dense.size(&shape)
    experts.size(&shape)
    shape.sumWidth = max(shape.sumWidth, shape.width)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let (workspace, compute, rows) = (pass.workspace, pass.compute, pass.rowCount)
    let sum = workspace.sum
    for row in 0..<rows { sum.row(row).update(repeating: 0, count: workspace.width) }
    experts.forward(pass, into: sum)
    compute.rmsNorm(
      sum, expertsNorm, epsilon: normEpsilon, rows: rows, into: sum)
    dense.forward(pass, into: sum)
    compute.addResidual(
      sum, norm: outputNorm, epsilon: normEpsilon, to: target, columns: workspace.width, rows: rows)
  }
}
