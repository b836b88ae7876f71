// Values that are kept within bounds: logits (Gemma 2), queries, keys and values (MPT).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Compute {
  /// `target = max(-bound, min(target, bound))` for `columns` values of each row.
  package func clamp(_ target: FloatRows, to bound: Float, columns: Int, rows: Int) {
    forEachRow(rows) { row in
      let values = target.row(row)
      for column in 0..<columns { values[column] = max(-bound, min(values[column], bound)) }
    }
  }

  /// Columns that a thread takes at a time.
  private static let cappedColumns = 4096

  /// `target = cap × tanh(target / cap)` for `columns` values of each row; `cap` is above 0.
  ///
  /// Computed in double precision, so that the float is the same whichever library rounds it.
  package func cap(_ target: FloatRows, at cap: Float, columns: Int, rows: Int) {
    let parts = (columns + Self.cappedColumns - 1) / Self.cappedColumns
    forEachRow(rows * parts) { item in
      let values = target.row(item / parts)
      let first = item % parts * Self.cappedColumns
      for column in first..<min(columns, first + Self.cappedColumns) {
        values[column] = Float(Double(cap) * tanh(Double(values[column]) / Double(cap)))
      }
    }
  }
}
