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
    let runs = compute.pool.threadCount * (rows == 1 ? 8 : 16)
    let grain = max(1, panelCount / runs)
    // Activations of one pass stay in the second-level cache while the panels go by.
    let tokens = max(8, (384 << 10) / max(1, input.quantisedStride) / 8 * 8)
    compute.pool.forEach(panelCount, grain: grain) { range, _ in
      for first in stride(from: 0, to: rows, by: tokens) {
        multiply(range, input, first, min(tokens, rows - first), output, compute.kernels)
      }
    }
  }

  /// One run of panels, counted over all parts, for rows `first..<first + count`.
  private func multiply(
    _ range: Range<Int>, _ input: Activations, _ first: Int, _ count: Int,
    _ output: FloatRows, _ kernels: KernelTable
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
            ? UnsafeRawPointer(input.quantised + first * input.quantisedStride)
            : UnsafeRawPointer(input.floats.row(first)),
          activationStride: isQuantised ? input.quantisedStride : input.floats.stride * 4,
          tokenCount: count, output: target, outputStride: output.stride))
    }
  }
}
