// Products of one input with one or more weight matrices, in one parallel region.

import KernelInterface

/// One linear map, or several that share their input (query, key and value; gate and up).
///
/// The outputs stand side by side in a row, each padded to a multiple of 16 values.
package struct Projection: Sendable {
  package let parts: [PackedMatrix]
  /// Where each part's output begins in a row.
  package let offsets: [Int]
  /// Values of an output row.
  package let outputStride: Int
  /// Values of an input row.
  package let columnCount: Int
  /// Whether some part reads the quantised form of its input.
  package let needsQuantised: Bool
  private let panelCount: Int
  /// Bytes of the largest panel.
  private let panelBytes: Int

  /// What a run of panels, and the activations that it is multiplied with, may take of the
  /// second-level cache: a third of the 1 MiB that processors have today.
  private static let cachedBytes = 384 << 10
  /// Tokens that a kernel takes at once, at most.
  private static let tile = 12

  /// Parts with the same number of columns.
  package init(_ parts: [PackedMatrix]) {
    precondition(
      parts.allSatisfy { $0.columnCount == parts[0].columnCount }, "parts that share an input")
    self.parts = parts
    var offset = 0
    offsets = parts.map { part in
      defer { offset += part.paddedRowCount }
      return offset
    }
    outputStride = offset
    columnCount = parts[0].columnCount
    needsQuantised = parts.contains { $0.format.takesQuantisedActivations }
    panelCount = parts.reduce(0) { $0 + $1.panelCount }
    panelBytes = max(1, parts.reduce(0) { max($0, $1.panelBytes) })
  }

  package init(_ matrix: PackedMatrix) { self.init([matrix]) }

  /// Bytes of the packed weights.
  package var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

  /// `output[t, offsets[i] + r] = Σ_c parts[i][r, c] × input[t, c]` for `rows` rows.
  ///
  /// The input is quantised where `needsQuantised` says so. Output rows are `outputStride` wide.
  package func multiply(
    _ input: Activations, rows: Int, into output: FloatRows, _ compute: Compute
  ) {
    guard rows > 0 else { return }
    // A run of panels is what one thread takes at a time: enough runs to even out the threads,
    // large enough to amortise the counter.
    // Where several rows read a run, it stays in the second-level cache between them.
    let runs = compute.pool.threadCount * (rows == 1 ? 8 : 16)
    let largest = rows == 1 ? panelCount : max(1, Self.cachedBytes / panelBytes)
    // Kernels of float weights take panels two by two.
    let unit = needsQuantised ? 1 : 2
    let grain = max(unit, min(panelCount / runs, largest) / unit * unit)
    // So do the activations of one pass, while the runs go by.
    let layout = input.layout(rows: rows)
    let tokens = max(1, Self.cachedBytes / max(1, layout.rowBytes) / Self.tile) * Self.tile
    compute.pool.forEach(panelCount, grain: grain) { range, _ in
      for first in stride(from: 0, to: rows, by: tokens) {
        multiply(
          range, input, layout, first, min(tokens, rows - first), output, compute.kernels)
      }
    }
  }

  /// One run of panels, counted over all parts, for rows `first..<first + count`.
  private func multiply(
    _ range: Range<Int>, _ input: Activations, _ layout: ActivationLayout, _ first: Int,
    _ count: Int, _ output: FloatRows, _ kernels: KernelTable
  ) {
    var base = 0
    for (part, offset) in zip(parts, offsets) {
      defer { base += part.panelCount }
      let from = max(range.lowerBound, base) - base
      let to = min(range.upperBound, base + part.panelCount) - base
      guard from < to else { continue }
      let target = output.row(first) + offset + from * panelRowCount
      let isQuantised = part.format.takesQuantisedActivations
      kernels.product(
        PanelProduct(
          format: part.format, panels: part.panel(from), panelBytes: part.panelBytes,
          panelCount: to - from, columns: columnCount,
          activations: isQuantised
            ? UnsafeRawPointer(input.quantised + layout.offset(row: first))
            : UnsafeRawPointer(input.floats.row(first)),
          layout: isQuantised ? .blocks(layout) : .floats(stride: input.floats.stride * 4),
          tokenCount: count, output: target, outputStride: output.stride))
    }
  }
}
