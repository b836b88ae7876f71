// Packed matrices as the threads of a product see them: addresses and numbers, and nothing to count.

import KernelInterface

/// The panels of a matrix. Whoever multiplies by them holds the matrix, which keeps their memory.
///
/// There is no reference in it: threads that count one take turns at it, and in a model of 135 million
/// weights that took a tenth of a token's time.
struct MatrixPanels {
  let format: PackedFormat
  /// The first panel; nil for a stand-in, which must not be read.
  let base: UnsafeRawPointer?
  let panelBytes: Int
  let panelCount: Int
  let columnCount: Int

  init(_ matrix: PackedMatrix) {
    format = matrix.format
    base = matrix.byteCount > 0 ? matrix.panel(0) : nil
    panelBytes = matrix.panelBytes
    panelCount = matrix.panelCount
    columnCount = matrix.columnCount
  }

  /// `output[t, r]` for the rows of `panels` and some rows of the input, the first of which goes to the
  /// first of the output.
  func multiply(
    _ panels: Range<Int>, _ input: Activations, _ layout: ActivationLayout, _ rows: Range<Int>,
    _ output: FloatRows, _ kernel: (PanelProduct) -> Void
  ) {
    let operand = input.operand(
      from: rows.lowerBound, isQuantised: format.takesQuantisedActivations, layout)
    kernel(
      PanelProduct(
        format: format, panels: base! + panels.lowerBound * panelBytes, panelBytes: panelBytes,
        panelCount: panels.count, columns: columnCount, activations: operand.address,
        layout: operand.layout, tokenCount: rows.count, output: output.base,
        outputStride: output.stride))
  }
}

/// Matrices side by side, and where each one's output begins in a row.
typealias PanelParts = UnsafeBufferPointer<(panels: MatrixPanels, offset: Int)>

/// The panels of matrices whose outputs stand side by side, at one place as long as this object lives.
final class PanelList: @unchecked Sendable {
  let parts: PanelParts

  /// - Parameter offsets: where each matrix's output begins in a row.
  init(_ matrices: [PackedMatrix], offsets: [Int]) {
    let memory = UnsafeMutableBufferPointer<(panels: MatrixPanels, offset: Int)>.allocate(
      capacity: matrices.count)
    for (index, matrix) in matrices.enumerated() {
      memory.initializeElement(at: index, to: (MatrixPanels(matrix), offsets[index]))
    }
    parts = PanelParts(memory)
  }

  deinit { parts.deallocate() }
}
