// Products of integer weights with quantised activations, against their plain twin.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct IntegerProductTests {
  static let formats = TensorFormat.allCases.filter {
    $0.layout?.takesQuantisedActivations == true
  }
  /// One format for each layout.
  static let layouts = formats.filter { format in
    formats.first { $0.layout == format.layout } == format
  }

  /// Roundings on the way of a term to its sum: the scale's product, the conversion of an integer
  /// sum above 2^24 (Q6_K), two of an addition that is not fused, and two more for the minimum.
  static let roundingsOfATerm = 6.0

  /// A weight is `scale × quant + minimum`, where both may be larger than their sum: by how much
  /// the largest weight of a row bounds them for the blocks of these tests.
  static let largestPart = 3.0

  @Test("A product is that of the dequantised numbers", arguments: availableSets, formats)
  func productsAreThoseOfTheNumbers(set: InstructionSet, format: TensorFormat) {
    let block = max(format.blockElements, blockElementCount)
    let shapes: [(rows: Int, columns: Int, tokens: Int)] = [
      (1, block, 1), (5, 3 * block, 2), (16, block, 3), (21, 2 * block, 7),
      (33, 5 * block, 13), (64, 2 * block, 31),
    ]
    let scaling = format.layout!.activationScaling!
    for (seed, shape) in shapes.enumerated() {
      let weights = PackedWeights(
        format, rows: shape.rows, columns: shape.columns, seed: UInt64(seed))
      let input = QuantisedRows(
        tokens: shape.tokens, columns: shape.columns, scaling, seed: UInt64(seed))
      check(weights, input, set)
    }
  }

  @Test("Extreme quants do not overflow", arguments: availableSets, layouts)
  func extremeQuants(set: InstructionSet, format: TensorFormat) {
    for content in PackedWeights.Content.allCases {
      for kind in QuantisedRows.Kind.allCases {
        let weights = PackedWeights(format, rows: 19, columns: 512, content: content, seed: 9)
        let input = QuantisedRows(
          tokens: 9, columns: 512, format.layout!.activationScaling!, kind: kind, seed: 9)
        check(weights, input, set)
      }
    }
  }

  @Test("All instruction sets give the same bits", arguments: layouts)
  func setsAgree(format: TensorFormat) {
    for content in PackedWeights.Content.allCases {
      let weights = PackedWeights(format, rows: 48, columns: 1_024, content: content, seed: 4)
      let input = QuantisedRows(
        tokens: 27, columns: 1_024, format.layout!.activationScaling!, seed: 5)
      let results = availableSets.map { product(weights, input, $0).bits }
      for result in results.dropFirst() { #expect(result == results[0], "\(content)") }
    }
  }

  @Test("A row has the same bits whatever shares the call", arguments: availableSets, layouts)
  func rowsDoNotDependOnTheCall(set: InstructionSet, format: TensorFormat) {
    let weights = PackedWeights(format, rows: 40, columns: 512, seed: 21)
    let input = QuantisedRows(
      tokens: 64, columns: 512, format.layout!.activationScaling!, seed: 22)
    let whole = product(weights, input, set).bits
    let width = weights.panelCount * panelRowCount
    for count in 1...64 {
      let first = 64 - count
      let part = product(weights, input, set, tokens: first..<64).bits
      #expect(part[...] == whole[(first * width)...], "\(count) tokens")
    }
    for panels in [0..<1, 1..<2, 2..<3, 0..<2, 1..<3] {
      let part = product(weights, input, set, panels: panels).bits
      for token in 0..<64 {
        let from = token * width + panels.lowerBound * panelRowCount
        let size = panels.count * panelRowCount
        #expect(part[token * size..<(token + 1) * size] == whole[from..<from + size])
      }
    }
  }

  @Test("Only the rows of the panels are written", arguments: availableSets, layouts)
  func nothingElseIsWritten(set: InstructionSet, format: TensorFormat) {
    let weights = PackedWeights(format, rows: 3, columns: 256, seed: 1)
    let input = QuantisedRows(
      tokens: 3, columns: 256, format.layout!.activationScaling!, seed: 1)
    let stride = panelRowCount + 5
    let output = product(weights, input, set, outputStride: stride)
    let untouched = UInt32(0xA5A5_A5A5)
    for token in 0..<3 {
      let row = Array(output[token * stride..<(token + 1) * stride])
      #expect(row[3..<panelRowCount].allSatisfy { $0 == 0 }, "rows that do not exist")
      #expect(row[panelRowCount...].allSatisfy { $0.bitPattern == untouched })
    }
  }

  /// Compares every result with the twin's.
  private func check(_ weights: PackedWeights, _ input: QuantisedRows, _ set: InstructionSet) {
    let results = product(weights, input, set)
    let width = weights.panelCount * panelRowCount
    for token in 0..<input.tokenCount {
      let activations = input.floats(token)
      for (row, values) in weights.rows.enumerated() {
        let found = Double(results[token * width + row])
        let expected = PlainKernels.dot(values, activations).sum
        let error = abs(found - expected)
        #expect(error <= bound(values, activations), "row \(row), token \(token): \(found)")
      }
    }
  }

  /// The largest error that roundings in any order explain.
  private func bound(_ weights: [Float], _ activations: [Float]) -> Double {
    let blocks = Double(weights.count / blockElementCount)
    let largest = Double(weights.reduce(0) { max($0, abs($1)) })
    let magnitude = activations.reduce(0.0) { $0 + Double(abs($1)) }
    return (2 * blocks + Self.roundingsOfATerm) * Float.unitRoundoff * Self.largestPart * largest
      * magnitude
  }

  /// `[tokens, panels × 16]`.
  private func product(
    _ weights: PackedWeights, _ input: QuantisedRows, _ set: InstructionSet,
    tokens: Range<Int>? = nil, panels: Range<Int>? = nil, outputStride: Int? = nil
  ) -> [Float] {
    let tokens = tokens ?? 0..<input.tokenCount
    let (blocks, layout) = input.blocks(of: tokens)
    return set.product(
      weights, panels: panels, blocks.base, layout: .blocks(layout), tokens: tokens.count,
      outputStride: outputStride)
  }
}
