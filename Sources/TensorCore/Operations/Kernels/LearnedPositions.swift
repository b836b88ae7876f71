// Positions that a model has learned as vectors.

extension Compute {
  /// Adds to each row of `target` the vector of its position.
  ///
  /// - Parameters:
  ///   - table: `[positions, columns]`.
  ///   - positions: one for each row, all in the table.
  package func add(
    _ table: Vector, columns: Int, at positions: [Int], to target: FloatRows
  ) {
    let count = table.count / columns
    precondition(positions.allSatisfy { (0..<count).contains($0) }, "a position of \(count)")
    forEachRow(positions.count) { row in
      let (from, to) = (table.values + positions[row] * columns, target.row(row))
      for column in 0..<columns { to[column] += from[column] }
    }
  }
}
