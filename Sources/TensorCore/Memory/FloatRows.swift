// A view of rows of floats in a workspace: what operations read and write.

package import KernelInterface

/// Rows of floats, `stride` apart, in memory that somebody else keeps alive.
///
/// The view is two words; a shifted view (`columns(from:)`) selects a part of each row.
package struct FloatRows: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Float>
  /// Floats from row to row.
  package let stride: Int

  package init(base: UnsafeMutablePointer<Float>, stride: Int) {
    self.base = base
    self.stride = stride
  }

  package func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

  /// The same rows from column `offset` on.
  package func columns(from offset: Int) -> FloatRows {
    FloatRows(base: base + offset, stride: stride)
  }

  /// The rows from `first` on.
  package func rows(from first: Int) -> FloatRows {
    FloatRows(base: row(first), stride: stride)
  }

  /// Copies `count` floats of a row to `array`.
  package func read(row index: Int, count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: row(index), count: count))
  }

  /// Copies `count` floats of a row to `array`, in place of what it held and in the same memory.
  package func read(row index: Int, count: Int, into array: inout [Float]) {
    array.removeAll(keepingCapacity: true)
    array.append(contentsOf: UnsafeBufferPointer(start: row(index), count: count))
  }

  /// Writes floats to the beginning of a row.
  package func write(_ values: [Float], row index: Int) {
    values.withUnsafeBufferPointer { source in
      row(index).update(from: source.baseAddress!, count: source.count)
    }
  }
}

/// Rows of activations with their quantised form: what products read.
///
/// `[rows, columns]` floats, and for integer weights one `ActivationBlock` for each 32 columns.
package struct Activations: @unchecked Sendable {
  package let floats: FloatRows
  package let quantised: UnsafeMutableRawPointer
  package let columns: Int

  package init(floats: FloatRows, quantised: UnsafeMutableRawPointer, columns: Int) {
    self.floats = floats
    self.quantised = quantised
    self.columns = columns
  }

  /// How the blocks of `rows` quantised rows lie.
  package func layout(rows: Int) -> ActivationLayout {
    ActivationLayout(rows: rows, columns: columns)
  }

  /// The rows from `first` on as activations of their own, whose layout is that of their number. Those before
  /// it leave it free where `first` lies behind the room of each (`ActivationLayout.room`).
  package func rows(from first: Int) -> Activations {
    Activations(
      floats: floats.rows(from: first),
      quantised: quantised + ActivationLayout.byteCount(rows: 1, columns: columns) * first,
      columns: columns)
  }

  /// Where a product finds row `first` and those behind it: blocks that lie as `layout` says, or
  /// floats.
  package func operand(
    from first: Int, isQuantised: Bool, _ layout: ActivationLayout
  ) -> (address: UnsafeRawPointer, layout: PanelProduct.Layout) {
    isQuantised
      ? (UnsafeRawPointer(quantised + layout.offset(row: first)), .blocks(layout))
      : (UnsafeRawPointer(floats.row(first)), .floats(stride: floats.stride * 4))
  }

  /// Quantises `count` values into the blocks of a row from `block` on.
  func quantise(
    _ values: UnsafePointer<Float>, _ count: Int, _ scaling: ActivationScaling, row: Int,
    block: Int, _ layout: ActivationLayout, _ kernels: KernelTable
  ) {
    kernels.quantise(
      values, count, scaling, quantised + layout.offset(row: row) + block * layout.blockStride,
      layout.blockStride)
  }

  /// Bytes of the blocks of at most `rows` rows of `columns` values, a multiple of 32.
  package static func quantisedBytes(rows: Int, columns: Int) -> Int {
    ActivationLayout.byteCount(rows: rows, columns: columns)
  }
}
