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
  /// - Parameter exact: keep float32 values instead of the stored quants.
  ///
  /// The tensor's pages are given back to the system as they are consumed.
  package init(_ tensor: GGUFTensor, exact: Bool, pool: WorkerPool) throws(AllocationError) {
    columnCount = tensor.shape[0]
    rowCount = tensor.elementCount / tensor.shape[0]
    let stored = tensor.format.layout
    let format = exact ? .F32 : stored ?? .F32
    self.format = format
    panelBytes = columnCount / format.blockColumnCount * format.blockBytes
    let panelCount = (rowCount + panelRowCount - 1) / panelRowCount
    let storage = try AlignedBuffer(byteCount: panelBytes * panelCount, filled: true)
    self.storage = storage

    let bytes = tensor.bytes
    let rowBytes = bytes.count / rowCount
    let isDirect = format == stored
    let rows = rowCount
    let columns = columnCount
    let target = storage.base
    let size = panelBytes
    let grain = max(1, (1 << 20) / size)
    let scratch =
      isDirect
      ? nil
      : try AlignedBuffer(
        byteCount: pool.threadCount * panelRowCount * columns * 4)
    // One thread gets all panels in one run, and gives pages back in between nevertheless.
    let pieces = (panelCount + grain - 1) / grain
    pool.forEach(pieces) { run, worker in
      for piece in run {
        let range = piece * grain..<min((piece + 1) * grain, panelCount)
        pack(range, worker)
      }
    }
    func pack(_ range: Range<Int>, _ worker: Int) {
      let from = range.lowerBound * panelRowCount * rowBytes
      let to = min(range.upperBound * panelRowCount, rows) * rowBytes
      tensor.populate(from..<to)
      for p in range {
        let first = p * panelRowCount
        let count = min(panelRowCount, rows - first)
        let source = bytes.baseAddress! + first * rowBytes
        if let scratch {
          let floats = scratch.floats + worker * panelRowCount * columns
          for row in 0..<count {
            dequantise(
              tensor.format, source + row * rowBytes, count: columns,
              into: floats + row * columns)
          }
          packPanel(
            .F32, source: floats, rowBytes: columns * 4, rowCount: count, columns: columns,
            panel: target + p * size)
        } else {
          packPanel(
            tensor.format, source: source, rowBytes: rowBytes, rowCount: count, columns: columns,
            panel: target + p * size)
        }
      }
      tensor.release(from..<to)
    }
  }
}

extension GGUFTensor {
  /// Maps the pages of a part of the data.
  func populate(_ part: Range<Int>) {
    file.populate(range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }

  /// Gives the whole pages of a part of the data back to the system; they can be read again.
  func release(_ part: Range<Int>) {
    file.release(range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }
}
