// Logits that are kept below a bound (Gemma 2).

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Compute {
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
