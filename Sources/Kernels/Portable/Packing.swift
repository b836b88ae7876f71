// Repacking: 16 rows of stored blocks become one panel, interleaved for the vector lanes.
//
// The source layouts are GGML's (`ggml-common.h`), the target layouts those of `PackedFormat`.

public import KernelInterface

/// Packs one panel.
///
/// - Parameters:
///   - stored: the format of the rows, one that has a layout.
///   - source: the first row; rows stand `rowBytes` apart.
///   - rowCount: rows that exist, 1...16; the rest of the panel is as if they were zero bytes.
///   - columns: a multiple of the layout's `blockColumnCount`.
///   - panel: room for `columns / blockColumnCount × blockBytes` bytes.
public func packPanel(
  _ stored: TensorFormat, source: UnsafeRawPointer, rowBytes: Int, rowCount: Int, columns: Int,
  panel: UnsafeMutableRawPointer
) {
  if rowCount == panelRowCount {
    return pack(stored, StoredRows(base: source, rowBytes: rowBytes), columns, panel)
  }
  withUnsafeTemporaryAllocation(byteCount: panelRowCount * rowBytes, alignment: 16) { rows in
    let base = rows.baseAddress!
    base.copyMemory(from: source, byteCount: rowCount * rowBytes)
    clear(base + rowCount * rowBytes, (panelRowCount - rowCount) * rowBytes)
    pack(stored, StoredRows(base: base, rowBytes: rowBytes), columns, panel)
  }
}

private func clear(_ start: UnsafeMutableRawPointer, _ byteCount: Int) {
  start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
}

private func pack(
  _ stored: TensorFormat, _ rows: StoredRows, _ columns: Int, _ panel: UnsafeMutableRawPointer
) {
  guard let format = stored.layout else { return }
  let blockCount = columns / format.blockColumnCount
  @inline(__always)
  func each(_ body: (StoredRows, UnsafeMutableRawPointer) -> Void) {
    for block in 0..<blockCount {
      body(
        StoredRows(base: rows.base + block * stored.blockBytes, rowBytes: rows.rowBytes),
        panel + block * format.blockBytes)
    }
  }
  @inline(__always)
  func eachTurned(
    _ body: (StoredRows, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
  ) {
    withUnsafeTemporaryAllocation(byteCount: 64 * 64, alignment: 64) { room in
      each { body($0, $1, room.baseAddress!) }
    }
  }
  switch format {
  case .Q4_0, .IQ4_NL: each(packQ4_0)
  case .Q4_1: each(packQ4_1)
  case .Q5_0: each(packQ5_0)
  case .Q5_1: each(packQ5_1)
  case .Q8_0: each(packQ8_0)
  case .MXFP4: each(packMXFP4)
  case .Q2_K: eachTurned(packQ2_K)
  case .Q3_K: eachTurned(packQ3_K)
  case .Q4_K: eachTurned { packScaled($0, $1, $2, hasFifthBits: false) }
  case .Q5_K: eachTurned { packScaled($0, $1, $2, hasFifthBits: true) }
  case .Q6_K: eachTurned(packQ6_K)
  case .IQ4_XS: each(packIQ4_XS)
  case .F32: packSingles(rows, columns, panel)
  case .F16, .BF16: packHalves(rows, columns, panel)
  case .scaledBytes:
    for row in 0..<panelRowCount {
      packScaledBytes(stored, rows[row], columns: columns, panel, row)
    }
  }
}
