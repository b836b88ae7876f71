// One forward pass on its way through the layers.

package import TensorCore

/// What every layer of a forward pass is handed.
package struct Pass {
  package let batch: Batch
  package let workspace: Workspace
  package let compute: Compute

  /// Rows of the batch.
  package var rowCount: Int { batch.rows.count }

  /// The pass of the rows that somebody wants something of, with their values moved together in the
  /// workspace; the same where all are.
  ///
  /// - Parameter projectedWidth: values of a row that have to be moved in `workspace.projected`.
  package func ofWantedRows(projectedWidth: Int) -> Pass {
    guard let wanted = batch.ofWantedRows() else { return self }
    let moves = [
      (workspace.hidden, workspace.width), (workspace.sum, workspace.sumWidth),
      (workspace.projected, projectedWidth),
      (workspace.layerInputs, workspace.layerInputWidth),
      (workspace.streams, workspace.streamWidth),
    ]
    for (rows, columns) in moves where columns > 0 {
      for (row, source) in batch.wantedRows.enumerated() where row < source {
        rows.row(row).update(from: rows.row(source), count: columns)
      }
    }
    return Pass(batch: wanted, workspace: workspace, compute: compute)
  }
}
