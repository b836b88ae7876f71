// A layer's input, kept for what reads it behind attention.

package import TensorCore

/// Keeps `hidden` in `workspace.sum` as it is before the layer changes it.
package struct KeptInput: FeedForward {
  package init() {}

  package func size(_ shape: inout WorkspaceShape) {
    shape.sumWidth = max(shape.sumWidth, shape.width)
  }

  package func forward(_ pass: Pass, into target: FloatRows) {
    let workspace = pass.workspace
    pass.compute.copy(
      workspace.hidden, to: workspace.sum, columns: workspace.width, rows: pass.rowCount)
  }
}
