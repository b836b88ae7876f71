// Token ids become vectors.

package import TensorCore

/// What is added to embeddings, and the norm of the sum (Devlin et al. 2018).
package struct EmbeddingSum: Sendable {
  /// A vector for each position, `[positions, width]`.
  let positions: Vector?
  /// What tells a text from one that is asked about it: here there is one text.
  let type: Vector?
  let norm: Norm

  /// Reads what the file has of it.
  ///
  /// - Parameter hasPositions: whether the family has learned positions.
  init(_ weights: WeightLoader, hasPositions: Bool = false) throws {
    let h = weights.hyperparameters
    let width = h.embeddingLength
    positions =
      hasPositions
      ? try weights.table("position_embd.weight", shape: [width, h.contextLength]) : nil
    type = try weights.firstRow("token_types.weight", columns: width)
    norm = try weights.norm("token_embd_norm.weight", count: width)
  }

  /// Changes the rows of `workspace.hidden`.
  func forward(_ pass: Pass) {
    let (hidden, compute) = (pass.workspace.hidden, pass.compute)
    if let type { compute.add(type, to: hidden, rows: pass.rowCount) }
    if let positions {
      compute.add(
        positions, columns: norm.count, at: pass.batch.rows.map(\.position), to: hidden)
    }
    compute.apply(norm, to: hidden, count: pass.rowCount)
  }
}

/// The table of token embeddings `[vocabulary, width]`.
package struct TokenEmbedding: Sendable {
  package let table: RowTable
  /// Factor on each embedding.
  package var scale: Float = 1
  private let sum: EmbeddingSum?

  package init(_ table: RowTable, scale: Float = 1, sum: EmbeddingSum? = nil) {
    self.table = table
    self.scale = scale
    self.sum = sum
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
    sum?.forward(pass)
  }
}
