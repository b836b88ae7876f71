// Products of float weights, against their plain twin.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct FloatProductTests {
  static let formats = TensorFormat.allCases.filter {
    $0.layout?.takesQuantisedActivations == false
  }

  /// Roundings of one term: its product and its addition.
  static let roundingsOfATerm = 2.0

  @Test("A product is that of the numbers", arguments: availableSets, formats)
  func productsAreThoseOfTheNumbers(set: InstructionSet, format: TensorFormat) {
    let shapes: [(rows: Int, columns: Int, tokens: Int)] = [
      (1, 1, 1), (16, 7, 2), (17, 40, 3), (5, 33, 8), (50, 129, 15),
      (32, 64, 64), (75, 1_100, 13),
    ]
    for (seed, shape) in shapes.enumerated() {
      let weights = PackedWeights(
        format, rows: shape.rows, columns: shape.columns, seed: UInt64(seed))
      var random = SeededGenerator(seed: UInt64(seed))
      let input = (0..<shape.tokens).map { _ in random.floats(shape.columns, within: 3) }
      let width = weights.panelCount * panelRowCount
      let results = product(weights, input, set)
      for (token, activations) in input.enumerated() {
        for (row, values) in weights.rows.enumerated() {
          let expected = PlainKernels.dot(values, activations)
          let error = abs(Double(results[token * width + row]) - expected.sum)
          let roundings = Self.roundingsOfATerm * Double(shape.columns)
          #expect(error <= roundings * Float.unitRoundoff * expected.magnitude)
        }
        let padding = results[token * width + shape.rows..<(token + 1) * width]
        #expect(padding.allSatisfy { $0 == 0 }, "rows that do not exist")
      }
    }
  }

  @Test("A row has the same bits whatever shares the call", arguments: availableSets, formats)
  func rowsDoNotDependOnTheCall(set: InstructionSet, format: TensorFormat) {
    let weights = PackedWeights(format, rows: 40, columns: 100, seed: 21)
    var random = SeededGenerator(seed: 22)
    let input = (0..<64).map { _ in random.floats(100) }
    let width = weights.panelCount * panelRowCount
    let whole = product(weights, input, set).bits
    for count in 1...64 {
      let part = product(weights, Array(input.suffix(count)), set).bits
      #expect(part[...] == whole[((64 - count) * width)...], "\(count) tokens")
    }
    for panels in [0..<1, 1..<3, 2..<3] {
      let part = product(weights, input, set, panels: panels).bits
      for token in 0..<64 {
        let from = token * width + panels.lowerBound * panelRowCount
        let size = panels.count * panelRowCount
        #expect(part[token * size..<(token + 1) * size] == whole[from..<from + size])
      }
    }
  }

  /// `[tokens, panels × 16]`; the rows of the input stand three floats apart.
  private func product(
    _ weights: PackedWeights, _ input: [[Float]], _ set: InstructionSet, panels: Range<Int>? = nil
  ) -> [Float] {
    let gap: [Float] = [.nan, .nan, .nan]
    return input.flatMap { $0 + gap }.withUnsafeBytes {
      set.product(
        weights, panels: panels, $0.baseAddress!,
        layout: .floats(stride: (weights.columnCount + gap.count) * 4), tokens: input.count)
    }
  }
}
