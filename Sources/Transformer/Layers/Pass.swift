// One forward pass on its way through the layers.

package import TensorCore

/// What every layer of a forward pass is handed.
package struct Pass {
  package let batch: Batch
  package let workspace: Workspace
  package let compute: Compute

  /// Rows of the batch.
  package var rowCount: Int { batch.rows.count }
}
