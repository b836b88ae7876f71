// Attention over the blocked cache, against a plain softmax.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct AttentionTests {
  /// Relative error of the exponential (2e-7), of its argument's difference and of the weights'
  /// sum and quotient, in roundings.
  static let weightRoundings = 12.0

  /// Roundings of a soft cap, relative to the cap: tanh is exact to 2e-7 of 1.
  static let softCapRoundings = 16.0

  static let headLengths = [16, 40, 64, 128, 256]

  @Test("Attention is the softmax of the numbers", arguments: availableSets, CacheFormat.allCases)
  func attentionIsSoftmax(set: InstructionSet, format: CacheFormat) {
    var random = SeededGenerator(seed: 3)
    for length in Self.headLengths {
      for (rowCount, positions) in [(1, 1), (2, 31), (3, 33), (5, 64), (9, 100), (20, 300)] {
        let cache = TestCache(
          format, keyLength: length, valueLength: length, positions: positions, set, &random)
        let rows = Self.rows(rowCount, positions: positions, length: length, &random)
        for softCap: Float in [0, 5] { check(rows, cache, softCap: softCap, set) }
      }
    }
  }

  @Test("Keys and values may differ in length", arguments: availableSets, CacheFormat.allCases)
  func lengthsMayDiffer(set: InstructionSet, format: CacheFormat) {
    var random = SeededGenerator(seed: 4)
    for (keyLength, valueLength) in [(1, 1), (24, 8), (192, 128), (7, 33)] {
      let cache = TestCache(
        format, keyLength: keyLength, valueLength: valueLength, positions: 70, set, &random)
      check(
        Self.rows(6, positions: 70, length: keyLength, &random), cache, softCap: 0, set)
    }
  }

  @Test(
    "A row has the same bits whatever shares the call", arguments: availableSets,
    CacheFormat.allCases)
  func rowsDoNotDependOnTheCall(set: InstructionSet, format: CacheFormat) {
    var random = SeededGenerator(seed: 5)
    for length in [40, 64] {
      let cache = TestCache(
        format, keyLength: length, valueLength: length, positions: 200, set, &random)
      let rows = Self.rows(21, positions: 200, length: length, &random)
      let alone = rows.map { attend([$0], cache, softCap: 0, set)[0].bits }
      for count in 1...rows.count {
        let chosen = (0..<count).map { _ in Int.random(in: rows.indices, using: &random) }
        let results = attend(chosen.map { rows[$0] }, cache, softCap: 0, set)
        for (index, result) in zip(chosen, results) {
          #expect(result.bits == alone[index], "row \(index) of \(count)")
        }
      }
    }
  }

  @Test("All instruction sets give the same bits", arguments: CacheFormat.allCases)
  func setsAgree(format: CacheFormat) throws {
    for length in [7, 40, 64, 192] {
      var expected: [[UInt32]]?
      for set in availableSets {
        var random = SeededGenerator(seed: 9)
        let cache = TestCache(
          format, keyLength: length, valueLength: length, positions: 100, set, &random)
        for position in 0..<100 {
          cache.write(position, key: random.floats(length), value: random.floats(length), set)
        }
        let rows = Self.rows(9, positions: 100, length: length, &random)
        let found = attend(rows, cache, softCap: 0, set).map(\.bits)
        #expect(found == expected ?? found, "\(set), heads of \(length)")
        expected = found
      }
    }
  }

  @Test(
    "What lies beyond a row's last position does not matter", arguments: availableSets,
    CacheFormat.allCases)
  func hiddenPositionsDoNotMatter(set: InstructionSet, format: CacheFormat) {
    var random = SeededGenerator(seed: 6)
    let cache = TestCache(
      format, keyLength: 64, valueLength: 64, positions: 96, set, &random)
    let rows = [40, 41, 50].map { end in
      Row(query: random.floats(64), start: 33, end: end)
    }
    let before = attend(rows, cache, softCap: 0, set).map(\.bits)
    for position in Array(0..<33) + Array(51..<96) {
      cache.write(position, key: random.halfFloats(64), value: random.halfFloats(64), set)
    }
    #expect(attend(rows, cache, softCap: 0, set).map(\.bits) == before)
  }

  @Test("Logits of any size give finite weights", arguments: availableSets)
  func largeLogits(set: InstructionSet) {
    var random = SeededGenerator(seed: 7)
    let cache = TestCache(
      .F32, keyLength: 16, valueLength: 16, positions: 40, set, &random)
    for size: Float in [1e4, 1e20, 1e36] {
      let query = random.floats(16, within: size)
      let result = attend([Row(query: query, start: 0, end: 39)], cache, softCap: 0, set)[0]
      #expect(result.allSatisfy { abs($0) <= 4 })
    }
  }

  @Test("NaN and infinite queries do not stop the program", arguments: availableSets)
  func notFinite(set: InstructionSet) {
    var random = SeededGenerator(seed: 8)
    let cache = TestCache(
      .F16, keyLength: 16, valueLength: 16, positions: 40, set, &random)
    let good = Row(query: random.floats(16), start: 0, end: 39)
    let expected = attend([good], cache, softCap: 3, set)[0].bits
    for value: Float in [.nan, .infinity, -.infinity] {
      let bad = Row(query: [Float](repeating: value, count: 16), start: 3, end: 35)
      #expect(attend([bad, good, bad], cache, softCap: 3, set)[1].bits == expected)
    }
  }

  /// A query and what it sees.
  struct Row {
    var query: [Float]
    var start: Int
    var end: Int
  }

  /// Rows with windows and without, in any order.
  static func rows(
    _ count: Int, positions: Int, length: Int, _ random: inout SeededGenerator
  ) -> [Row] {
    (0..<count).map { index in
      let end = Int.random(in: 0..<positions, using: &random)
      let start = index % 3 == 0 ? 0 : Int.random(in: 0...end, using: &random)
      // Logits of some ±10: keys go up to 4.
      let bound = 3 / Float(length).squareRoot()
      return Row(query: random.floats(length, within: bound), start: start, end: end)
    }
  }

  private func check(_ rows: [Row], _ cache: TestCache, softCap: Float, _ set: InstructionSet) {
    let results = attend(rows, cache, softCap: softCap, set)
    for (row, found) in zip(rows, results) {
      let expected = PlainKernels.attention(
        row.query, keys: cache.keys, values: cache.values, positions: row.start...row.end,
        softCap: softCap)
      // An error of a logit is a relative error of its weight, and of the sum of the weights.
      let logit =
        Double(cache.shape.keyLength) * expected.magnitude + Self.softCapRoundings * Double(softCap)
      let additions = Double(row.end - row.start + cacheBlockPositionCount)
      let roundings = 2 * (2 * logit + Self.weightRoundings + additions)
      let largest = Double(cache.largestValue)
      for (found, expected) in zip(found, expected.output) {
        #expect(abs(Double(found) - expected) <= roundings * Float.unitRoundoff * largest)
      }
    }
  }

  /// The rows' results, `[rows][valueLength]`, from one call.
  private func attend(
    _ rows: [Row], _ cache: TestCache, softCap: Float, _ set: InstructionSet
  ) -> [[Float]] {
    let shape = cache.shape
    let queryStride = shape.keyLength + 3
    let outputStride = shape.valueLength + 2
    let queries = rows.flatMap { $0.query + [.nan, .nan, .nan] }
    let starts = rows.map { Int32($0.start) }
    let ends = rows.map { Int32($0.end) }
    let scratch = TestBuffer(attentionScratchCount(shape) * 4)
    let output = TestBuffer(rows.count * outputStride * 4)
    defer { withExtendedLifetime(scratch) {} }
    queries.withUnsafeBufferPointer { queries in
      starts.withUnsafeBufferPointer { starts in
        ends.withUnsafeBufferPointer { ends in
          set.kernels.attention(
            AttentionCall(
              shape: shape, rowCount: rows.count, queries: queries.baseAddress!,
              queryStride: queryStride, blocks: cache.table, headOffset: 0,
              starts: starts.baseAddress!, ends: ends.baseAddress!, softCap: softCap,
              scratch: scratch.floats, output: output.floats, outputStride: outputStride))
        }
      }
    }
    return rows.indices.map { output.floats($0 * outputStride, shape.valueLength) }
  }
}
