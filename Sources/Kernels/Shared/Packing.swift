// Repacking: 16 rows of stored blocks become one panel, interleaved for the vector lanes.
//
// The source layouts are GGML's (`ggml-common.h`), the target layouts those of `PackedFormat`.

import KernelInterface

/// Packs one panel of rows in a format that has a layout of its own.
func pack(_ call: PackingCall) {
  let rows = StoredRows(base: call.source, rowBytes: call.rowBytes)
  pack(call.format, rows, call.columns, call.panel)
}

private func pack(
  _ stored: TensorFormat, _ rows: StoredRows, _ columns: Int, _ panel: UnsafeMutableRawPointer
) {
  guard let format = stored.layout else { preconditionFailure("weights of a format with a layout") }
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
  case .scaledBytes: preconditionFailure("scaled bytes are packed by the portable kernels alone")
  }
}
