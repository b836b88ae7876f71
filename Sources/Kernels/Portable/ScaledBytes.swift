// Packing the formats that have no layout of their own: bytes, with a scale for 16 of them.

public import KernelInterface

/// Packs one panel of rows in a format whose layout is `scaledBytes`.
public func packScaledBytes(_ call: PackingCall) {
  for row in 0..<panelRowCount {
    packScaledBytes(
      call.format, call.source + row * call.rowBytes, columns: call.columns, call.panel, row)
  }
}

/// Packs one row of `columns` weights into its lane of `panel`.
private func packScaledBytes(
  _ stored: TensorFormat, _ source: UnsafeRawPointer, columns: Int,
  _ panel: UnsafeMutableRawPointer, _ row: Int
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: columns / 16) { scales in
    withUnsafeTemporaryAllocation(of: Int8.self, capacity: columns) { values in
      readScaledValues(
        stored, source, columns / stored.blockElements,
        ValueSink(values: values.baseAddress!, scales: scales.baseAddress!))
      let words = UnsafeRawPointer(values.baseAddress!)
      for part in 0..<columns / blockElementCount {
        let to = panel + part * PackedFormat.scaledBytes.blockBytes
        for half in 0..<2 {
          to.storeBytes(
            of: scales[2 * part + half], toByteOffset: 64 * half + 4 * row, as: Float.self)
        }
        for group in 0..<8 {
          let word = words.loadUnaligned(fromByteOffset: 32 * part + 4 * group, as: UInt32.self)
          (to + 128 + 64 * group).storeBytes(
            of: word ^ 0x8080_8080, toByteOffset: 4 * row, as: UInt32.self)
        }
      }
    }
  }
}
