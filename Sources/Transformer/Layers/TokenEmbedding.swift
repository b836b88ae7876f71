// Token ids become vectors.

package import TensorCore

/// What is added to embeddings (Radford et al. 2019), and the norm of the sum (Devlin et al. 2018).
package struct EmbeddingSum: Sendable {
  /// A vector for each position, `[positions, width]`.
  let positions: Vector?
  /// What tells a text from one that is asked about it: here there is one text.
  let type: Vector?
  let norm: Norm?

  /// Reads what the file has of it.
  ///
  /// - Parameters:
  ///   - hasPositions: whether the family has learned positions.
  ///   - hasNorm: whether it norms the sum.
  init(_ weights: WeightLoader, hasPositions: Bool = false, hasNorm: Bool = true) throws {
    let h = weights.hyperparameters
    let width = h.embeddingLength
    positions =
      hasPositions
      ? try weights.table("position_embd.weight", shape: [width, h.contextLength]) : nil
    type = try weights.firstRow("token_types.weight", columns: width)
    norm = hasNorm ? try weights.norm("token_embd_norm.weight", count: width) : nil
  }

  /// Changes the rows of `workspace.hidden`.
  func forward(_ pass: Pass) {
    let (hidden, compute) = (pass.workspace.hidden, pass.compute)
    if let type { compute.add(type, to: hidden, rows: pass.rowCount) }
    if let positions {
      compute.add(
        positions, columns: pass.workspace.width, at: pass.batch.rows.map(\.position), to: hidden)
    }
    if let norm { compute.apply(norm, to: hidden, count: pass.rowCount) }
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

  /// Positions that the model has learned vectors for; nil where it knows all.
  var positionCount: Int? { sum?.positions.map { $0.count / table.columnCount } }

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
