// Activations of 15 bits: quantised once, and what rounding left of them once more.

package import KernelInterface

extension Compute {
  /// Quantises row `row` of `rows` twice: the values to quantised row `2 row`, and what rounding left of
  /// them to row `2 row + 1`. The sum of both rows' products has 15 bits of each activation
  /// instead of 8. The floats of the row are used up.
  package func quantiseFinely(
    _ activations: Activations, _ scaling: ActivationScaling, row: Int, of rows: Int
  ) {
    let layout = activations.layout(rows: 2 * rows)
    let values = activations.floats.row(row)
    let coarse = activations.quantised + layout.offset(row: 2 * row)
    let fine = activations.quantised + layout.offset(row: 2 * row + 1)
    let columns = activations.columns
    kernels.quantise(values, columns, scaling, coarse, layout.blockStride)
    subtract(coarse, layout, from: values, count: columns)
    kernels.quantise(values, columns, scaling, fine, layout.blockStride)
  }

  /// Quantises what rounding left of rows that are quantised, in their place. The rows' floats are
  /// used up.
  package func quantiseRest(_ activations: Activations, _ scaling: ActivationScaling, rows: Int) {
    let layout = activations.layout(rows: rows)
    forEachRow(rows) { row in
      subtract(
        activations.quantised + layout.offset(row: row), layout,
        from: activations.floats.row(row), count: activations.columns)
      quantise(activations, scaling, row: row, layout)
    }
  }

  /// `target[row] = source[2 row] + source[2 row + 1]` for `columns` values of each of `rows`
  /// rows; in place, since a row is written after both of its sources were read.
  package func addPairs(_ rows: FloatRows, count: Int, columns: Int) {
    for row in 0..<count {
      let target = rows.row(row)
      let (coarse, fine) = (rows.row(2 * row), rows.row(2 * row + 1))
      pool.forEach(columns, grain: 8_192) { range, _ in
        for column in range { target[column] = coarse[column] + fine[column] }
      }
    }
  }

  /// Takes the numbers that a quantised row stands for from `values`.
  private func subtract(
    _ row: UnsafeRawPointer, _ layout: ActivationLayout, from values: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    for block in 0..<count / blockElementCount {
      let line = row + block * layout.blockStride
      let scale = line.load(fromByteOffset: ActivationBlock.scale, as: Float.self)
      for i in 0..<blockElementCount {
        let quant = line.load(fromByteOffset: ActivationBlock.quants + i, as: Int8.self)
        values[block * blockElementCount + i] -= scale * Float(quant)
      }
    }
  }
}
