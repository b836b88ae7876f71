// Packing is copying: every instruction set writes the same bytes.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct PackingTests {
  static let formats = TensorFormat.allCases.filter {
    $0.holdsWeights && $0.layout != .scaledBytes
  }

  @Test("All instruction sets pack alike", arguments: availableSets, formats)
  func sets(set: InstructionSet, format: TensorFormat) throws {
    let layout = try #require(format.layout)
    for columns in [layout.blockColumnCount, 3 * layout.blockColumnCount, 768] {
      let rowBytes = try #require(format.rowBytes(elements: max(columns, format.blockElements)))
      let count = max(columns, format.blockElements)
      var random = SeededGenerator(seed: UInt64(columns))
      let rows = random.bytes(panelRowCount * rowBytes)
      let panels = [set, .portable].map { each -> [UInt8] in
        let panel = TestBuffer(count / layout.blockColumnCount * layout.blockBytes)
        rows.withUnsafeBytes {
          each.kernels.pack(
            PackingCall(
              format: format, source: $0.baseAddress!, rowBytes: rowBytes, columns: count,
              panel: panel.base))
        }
        return Array(UnsafeRawBufferPointer(start: panel.base, count: panel.byteCount))
      }
      #expect(panels[0] == panels[1])
    }
  }
}
