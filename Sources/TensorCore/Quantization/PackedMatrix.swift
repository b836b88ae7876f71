// A weight matrix in memory: packed panels that every product reads.

package import KernelInterface
import KernelsPortable

/// A matrix `[rows, columns]` of weights, packed for the kernels.
package struct PackedMatrix: Sendable {
  package let format: PackedFormat
  package let rowCount: Int
  package let columnCount: Int
  /// Bytes of one panel of 16 rows.
  package let panelBytes: Int
  private let storage: AlignedBuffer?

  /// Bytes of a file that a thread reads at a time, about: so few stay in its second-level cache until
  /// they are packed.
  private static let pieceBytes = 128 << 10

  /// Panels, the last one padded with zero rows.
  package var panelCount: Int { (rowCount + panelRowCount - 1) / panelRowCount }
  /// Rows rounded up to whole panels: the width of what a product writes.
  package var paddedRowCount: Int { panelCount * panelRowCount }
  /// Bytes held in memory.
  package var byteCount: Int { storage?.byteCount ?? 0 }

  package func panel(_ index: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(storage!.base + index * panelBytes)
  }

  /// A matrix without memory, for a tensor that turned out to be missing. It must not be read.
  package init(standInRows rows: Int, columns: Int) {
    format = .F32
    rowCount = rows
    columnCount = columns
    panelBytes = 0
    storage = nil
  }

  /// Packs a tensor of shape `[columns, rows]`, on all threads of `pool`.
  ///
  /// - Parameters:
  ///   - scale: a factor on all weights. Formats whose scales cannot take it exactly are kept as
  ///     float32 values where it is not 1.
  ///   - exact: keep float32 values instead of the stored quants.
  ///
  /// The file is read piece by piece and not through its mapped pages: to find them, note them and
  /// give them back took a quarter of loading, and they counted as this process's memory meanwhile.
  package init(
    _ tensor: GGUFTensor, scale: Float = 1, exact: Bool, pool: WorkerPool
  ) throws(AllocationError) {
    columnCount = tensor.shape[0]
    rowCount = tensor.elementCount / tensor.shape[0]
    let stored = tensor.format.layout
    let isScalable = scale == 1 || stored == .scaledBytes
    let format = exact || !isScalable ? .F32 : stored ?? .F32
    self.format = format
    panelBytes = columnCount / format.blockColumnCount * format.blockBytes
    let panelCount = (rowCount + panelRowCount - 1) / panelRowCount
    let storage = try AlignedBuffer(byteCount: panelBytes * panelCount, filled: true)
    self.storage = storage

    let rowBytes = tensor.byteCount / rowCount
    let isDirect = isScalable && format == stored
    let rows = rowCount
    let columns = columnCount
    let target = storage.base
    let size = panelBytes
    let sourceBytes = panelRowCount * rowBytes
    let grain = max(1, Self.pieceBytes / sourceBytes)
    // For each thread a piece of the file, and a panel's floats where it is packed by way of them.
    let kernels = InstructionSet.current.kernels
    let floatsOffset = (grain * sourceBytes + 63) / 64 * 64
    let roomBytes = floatsOffset + (isDirect ? 0 : panelRowCount * columns * 4)
    let room = try AlignedBuffer(byteCount: pool.threadCount * roomBytes)
    // One thread gets all panels in one run, and reads them in pieces nevertheless.
    let pieces = (panelCount + grain - 1) / grain
    pool.forEach(pieces) { run, worker in
      for piece in run {
        pack(
          piece * grain..<min((piece + 1) * grain, panelCount), room.base + worker * roomBytes)
      }
    }
    func pack(_ range: Range<Int>, _ room: UnsafeMutableRawPointer) {
      let from = range.lowerBound * sourceBytes
      let end = min(range.upperBound * panelRowCount, rows) * rowBytes
      tensor.copy(from..<end, to: room)
      // Rows that are not there are packed as zero bytes.
      let missing = range.upperBound * sourceBytes - end
      (room + (end - from)).initializeMemory(as: UInt8.self, repeating: 0, count: missing)
      for p in range {
        let source = UnsafeRawPointer(room) + (p * sourceBytes - from)
        let panel = target + p * size
        if isDirect {
          let call = PackingCall(
            format: tensor.format, source: source, rowBytes: rowBytes, columns: columns,
            panel: panel)
          if stored == .scaledBytes { packScaledBytes(call) } else { kernels.pack(call) }
          if scale != 1 { Self.scale(panel, by: scale, blocks: columns / blockElementCount) }
          continue
        }
        let floats = (room + floatsOffset).assumingMemoryBound(to: Float.self)
        for row in 0..<panelRowCount {
          dequantise(
            tensor.format, source + row * rowBytes, count: columns, into: floats + row * columns)
        }
        if scale != 1 {
          for index in 0..<panelRowCount * columns { floats[index] *= scale }
        }
        kernels.pack(
          PackingCall(
            format: .F32, source: floats, rowBytes: columns * 4, columns: columns, panel: panel))
      }
    }
  }

  /// Multiplies the scales of a panel of `scaledBytes`.
  private static func scale(_ panel: UnsafeMutableRawPointer, by factor: Float, blocks: Int) {
    for block in 0..<blocks {
      let scales = (panel + block * PackedFormat.scaledBytes.blockBytes)
        .assumingMemoryBound(to: Float.self)
      for index in 0..<2 * panelRowCount { scales[index] *= factor }
    }
  }
}
