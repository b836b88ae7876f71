// A norm of the residual stream, behind a block (Vaswani et al. 2017).

package import TensorCore

/// `target = norm(target)`, where the sum of a block and its input is normed and not the input.
package struct ResidualNorm: FeedForward {
  private let norm: Norm

  package init(_ weights: WeightLoader, _ name: String) throws {
    norm = try weights.norm(name, count: weights.hyperparameters.embeddingLength)
  }

  package func size(_ shape: inout WorkspaceShape) {}

  package func forward(_ pass: Pass, into target: FloatRows) {
    pass.compute.apply(norm, to: target, count: pass.rowCount)
  }
}
