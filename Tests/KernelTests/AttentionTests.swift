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
      for (rowCount, positions) in [
        (1, 1), (2, 31), (3, 33), (5, 64), (9, 100), (20, 300), (4, 1_100),
      ] {
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
      for count in Array(1...rows.count) + [40, 77] {
        let chosen = (0..<count).map { _ in Int.random(in: rows.indices, using: &random) }
        let results = attend(chosen.map { rows[$0] }, cache, softCap: 0, set)
        for (index, result) in zip(chosen, results) {
          #expect(result.bits == alone[index], "row \(index) of \(count)")
        }
      }
    }
  }

  @Test(
    "Spans one by one, put together, give the same bits", arguments: availableSets,
    CacheFormat.allCases)
  func spansCombine(set: InstructionSet, format: CacheFormat) {
    var random = SeededGenerator(seed: 10)
    for (length, rowCount) in [(24, 1), (64, 3), (80, 41)] {
      let cache = TestCache(
        format, keyLength: length, valueLength: length, positions: 1_700, set, &random)
      let rows = Self.rows(rowCount, positions: 1_700, length: length, &random)
      let expected = attend(rows, cache, softCap: 0, set).map(\.bits)
      for cuts in [[0, 4], [0, 1, 2, 3, 4], [0, 3, 4]] {
        let found = combine(rows, cache, spans: zip(cuts, cuts.dropFirst()).map { $0..<$1 }, set)
        #expect(found.map(\.bits) == expected, "heads of \(length), spans cut at \(cuts)")
      }
    }
  }

  @Test("A sink is a position whose value is 0", arguments: availableSets)
  func sinks(set: InstructionSet) {
    var random = SeededGenerator(seed: 12)
    let cache = TestCache(.F32, keyLength: 32, valueLength: 32, positions: 1_100, set, &random)
    let query = random.floats(32, within: 0.5)
    let square = query.reduce(0) { $0 + $1 * $1 }
    let last = 1_099
    for sink: Float in [-30, -1, 0, 4, 25] {
      let row = Row(query: query, start: 0, end: last - 1)
      let found = attend([row, row], group: 2, cache, softCap: 0, sinks: [sink, -200], set)
      #expect(
        combine([row], cache, spans: [0..<2, 2..<3], sink: [sink], set)[0].bits == found[0].bits)
      cache.write(
        last, key: query.map { $0 * sink / square }, value: [Float](repeating: 0, count: 32), set)
      let expected = attend([Row(query: query, start: 0, end: last)], cache, softCap: 0, set)[0]
      for (found, expected) in zip(found[0], expected) { #expect(abs(found - expected) <= 1e-5) }
      // One that is far below all logits is none.
      #expect(found[1].bits == attend([row], cache, softCap: 0, set)[0].bits)
    }
  }

  @Test("Rows of a group are those of several tokens", arguments: availableSets)
  func groupsAreRows(set: InstructionSet) {
    var random = SeededGenerator(seed: 11)
    let cache = TestCache(.F16, keyLength: 32, valueLength: 48, positions: 90, set, &random)
    for group in [2, 5, 40] {
      let rows = (0..<3 * group).map { row in
        Row(query: random.floats(32), start: row / group, end: 60 + row / group)
      }
      #expect(
        attend(rows, group: group, cache, softCap: 0, set).map(\.bits)
          == attend(rows, cache, softCap: 0, set).map(\.bits))
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
    // Whatever was computed before, what sees no number gives none.
    for bits in [0x7FC0_0000, 0xFFC0_0000] as [UInt32] {
      let query = [Float](repeating: Float(bitPattern: bits), count: 16)
      let bad = Row(query: query, start: 3, end: 35)
      for row in attend([good, bad, bad], cache, softCap: 0, set).dropFirst() {
        #expect(row.allSatisfy { $0.isNaN })
      }
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

  /// The rows' results, `[rows][valueLength]`, from one call. Rows of a group see the same.
  private func attend(
    _ rows: [Row], group: Int = 1, _ cache: TestCache, softCap: Float, sinks: [Float]? = nil,
    _ set: InstructionSet
  ) -> [[Float]] {
    let length = cache.shape.valueLength
    let stride = group * length + 2
    let output = TestBuffer(rows.count / group * stride * 4)
    call(
      rows, group: group, cache, softCap: softCap, sinks: sinks,
      .output(output.floats, stride: stride), set)
    return rows.indices.map { output.floats($0 / group * stride + $0 % group * length, length) }
  }

  /// As `attend`, from a call for some spans each.
  private func combine(
    _ rows: [Row], _ cache: TestCache, spans: [Range<Int>], sink: [Float]? = nil,
    _ set: InstructionSet
  ) -> [[Float]] {
    let count = attentionStateCount(cache.shape)
    let distance = rows.count * count
    let states = TestBuffer(spans.last!.upperBound * distance * 4)
    for spans in spans {
      call(
        rows, group: 1, cache, softCap: 0,
        .states(states.floats + spans.lowerBound * distance, spans: spans), set)
    }
    let output = TestBuffer(cache.shape.valueLength * 4)
    return rows.indices.map { row in
      set.kernels.combine(
        cache.shape, states.floats + row * count, spans.last!.upperBound, distance, sink,
        output.floats)
      return output.floats(0, cache.shape.valueLength)
    }
  }

  private func call(
    _ rows: [Row], group: Int, _ cache: TestCache, softCap: Float, sinks: [Float]? = nil,
    _ target: AttentionCall.Target, _ set: InstructionSet
  ) {
    let shape = cache.shape
    let tokens = Swift.stride(from: 0, to: rows.count, by: group)
    // What lies between the tokens' queries is not looked at.
    let queries = tokens.flatMap { first in
      rows[first..<first + group].flatMap(\.query) + [.nan, .nan, .nan]
    }
    let starts = tokens.map { Int32(rows[$0].start) }
    let ends = tokens.map { Int32(rows[$0].end) }
    let scratch = TestBuffer(attentionScratchCount(shape) * 4)
    defer { withExtendedLifetime(scratch) {} }
    let room = TestBuffer(max(1, sinks?.count ?? 0) * 4)
    for (index, sink) in (sinks ?? []).enumerated() { room.floats[index] = sink }
    defer { withExtendedLifetime(room) {} }
    queries.withUnsafeBufferPointer { queries in
      starts.withUnsafeBufferPointer { starts in
        ends.withUnsafeBufferPointer { ends in
          set.kernels.attention(
            AttentionCall(
              shape: shape, tokenCount: starts.count, groupCount: group,
              queries: queries.baseAddress!, queryStride: group * shape.keyLength + 3, scale: 1,
              blocks: cache.table, headOffset: 0, starts: starts.baseAddress!,
              ends: ends.baseAddress!, softCap: softCap,
              sinks: sinks.map { _ in UnsafePointer(room.floats) }, scratch: scratch.floats,
              target: target))
        }
      }
    }
  }
}
