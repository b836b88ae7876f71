// Token ids become vectors.

package import TensorCore

/// The table of token embeddings `[vocabulary, width]`.
package struct TokenEmbedding: Sendable {
  package let table: RowTable
  /// Factor on each embedding.
  package var scale: Float = 1

  package init(_ table: RowTable, scale: Float = 1) {
    self.table = table
    self.scale = scale
  }

  /// Fills the residual stream from the batch's inputs. Given vectors are taken as they are.
  package func forward(_ pass: Pass) {
    let hidden = pass.workspace.hidden
    let scratch = pass.workspace.input(columns: table.columnCount).floats.row(0)
    for (index, row) in pass.batch.rows.enumerated() {
      switch row.input {
      case .token(let id):
        table.read(Int(id), into: hidden.row(index), scale: scale, scratch: scratch)
      case .embedding(let vector): hidden.write(vector, row: index)
      }
    }
  }
}
