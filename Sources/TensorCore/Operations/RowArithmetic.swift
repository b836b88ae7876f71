// Copies and products of rows, value by value.

extension Compute {
  /// Copies `columns` values of each row.
  package func copy(_ source: FloatRows, to target: FloatRows, columns: Int, rows: Int) {
    forEachRow(rows) { row in target.row(row).update(from: source.row(row), count: columns) }
  }

  /// `target *= factor` for `columns` values of each row.
  package func scale(_ target: FloatRows, by factor: Float, columns: Int, rows: Int) {
    forEachRow(rows) { row in
      let values = target.row(row)
      for column in 0..<columns { values[column] *= factor }
    }
  }

  /// `target *= factor` for `columns` values of each row.
  package func multiply(_ target: FloatRows, by factor: FloatRows, columns: Int, rows: Int) {
    forEachRow(rows) { row in
      let (to, from) = (target.row(row), factor.row(row))
      for column in 0..<columns { to[column] *= from[column] }
    }
  }
}
