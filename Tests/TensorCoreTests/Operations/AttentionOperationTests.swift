// Attention of whole layers: grouped heads, windows, runs of several sequences, threads.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct AttentionOperationTests {
  /// Numbers that half precision holds, so that both cache formats hold the same. The error is that
  /// of float32 sums of 24 products and of 100 positions.
  static let tolerance = 2e-5

  static let keyLength = 24
  static let valueLength = 40

  @Test("Attention is softmax for every group size", arguments: availableSets, 1...9)
  func attentionIsSoftmax(set: InstructionSet, group: Int) throws {
    var random = SeededGenerator(seed: UInt64(group))
    for (format, window, softCap): (CacheFormat, Int?, Float) in [
      (.F32, nil, 0), (.F16, 7, 0), (.F16, nil, 4), (.F32, 1, 0),
    ] {
      let heads = self.heads(group: group, window: window, softCap: softCap)
      let rows = LayerInput(heads, count: 45, &random)
      let found = try attend(rows, heads, format, in: [45], compute(set, threads: 2))
      for (position, output) in found.enumerated() {
        for head in 0..<heads.headCount {
          let keyHead = head / group
          let query = rows.queries[position][head * Self.keyLength..<(head + 1) * Self.keyLength]
          let expected = PlainKernels.attention(
            query.map { $0 * heads.scale },
            keys: rows.keys.map {
              Array($0[keyHead * Self.keyLength..<(keyHead + 1) * Self.keyLength])
            },
            values: rows.values.map {
              Array($0[keyHead * Self.valueLength..<(keyHead + 1) * Self.valueLength])
            },
            positions: max(0, position - (window ?? .max) + 1)...position, softCap: softCap)
          let part = output[head * Self.valueLength..<(head + 1) * Self.valueLength]
          for (found, expected) in zip(part, expected.output) {
            #expect(abs(Double(found) - expected) < Self.tolerance)
          }
        }
      }
    }
  }

  @Test("A row sees the chunk that it is in", arguments: availableSets)
  func chunks(set: InstructionSet) throws {
    var random = SeededGenerator(seed: 36)
    var heads = self.heads(group: 2, window: 40, softCap: 0)
    heads.windowIsChunk = true
    let rows = LayerInput(heads, count: 130, &random)
    let found = try attend(rows, heads, .F16, in: [130], compute(set, threads: 2))
    #expect(
      try attend(rows, heads, .F16, in: [39, 1, 2, 38, 50], compute(set, threads: 1)).map(\.bits)
        == found.map(\.bits))
    // A chunk is what it is without those before it, where nothing turns.
    heads.windowIsChunk = false
    heads.window = nil
    for first in stride(from: 0, to: 130, by: 40) {
      let end = min(first + 40, 130)
      var part = rows
      part.queries = Array(rows.queries[first..<end])
      part.keys = Array(rows.keys[first..<end])
      part.values = Array(rows.values[first..<end])
      let alone = try attend(part, heads, .F16, in: [end - first], compute(set, threads: 2))
      for (found, alone) in zip(found[first..<end], alone) {
        for (found, alone) in zip(found, alone) {
          #expect(abs(found - alone) < Float(Self.tolerance))
        }
      }
    }
  }

  @Test(
    "Rows may see what follows, in windows and less the farther it is", arguments: availableSets)
  func bothWays(set: InstructionSet) throws {
    var random = SeededGenerator(seed: 35)
    let slopes: [Float] = [0.5, 0.25, 0.125, 0.0625]
    for (count, window, hasSlopes) in [
      (1, nil, true), (45, nil, false), (45, nil, true), (70, 8, false), (70, 9, true),
      (70, 1_000, false), (600, nil, true), (600, 300, true),
    ] {
      var heads = self.heads(group: 2, window: window, softCap: 0)
      heads.isCausal = false
      heads.slopes = hasSlopes ? try Vector(slopes) : nil
      let rows = LayerInput(heads, count: count, &random)
      let found = try attend(rows, heads, .F16, in: [count], compute(set, threads: 3))
      #expect(
        try attend(rows, heads, .F16, in: [count], compute(set, threads: 1)).map(\.bits)
          == found.map(\.bits))
      for (position, output) in found.enumerated() {
        let half = (window ?? 2 * count) / 2
        for head in 0..<heads.headCount {
          let expected = PlainKernels.attention(
            rows.queries[position][head * Self.keyLength..<(head + 1) * Self.keyLength]
              .map { $0 * heads.scale },
            keys: rows.keys.map {
              Array($0[head / 2 * Self.keyLength..<(head / 2 + 1) * Self.keyLength])
            },
            values: rows.values.map {
              Array($0[head / 2 * Self.valueLength..<(head / 2 + 1) * Self.valueLength])
            },
            positions: max(0, position - half)...min(count - 1, position + half), softCap: 0
          ) { hasSlopes ? -Double(slopes[head]) * Double(abs($0 - position)) : 0 }
          let part = output[head * Self.valueLength..<(head + 1) * Self.valueLength]
          for (found, expected) in zip(part, expected.output) {
            #expect(abs(Double(found) - expected) < Self.tolerance)
          }
        }
      }
    }
  }

  @Test("All sets take the same bits off for distance")
  func distancesAgree() throws {
    var heads = self.heads(group: 2, window: nil, softCap: 0)
    heads.isCausal = false
    heads.slopes = try Vector([0.7, 0.3, 0.1, 0.01])
    var expected: [[UInt32]]?
    for set in availableSets {
      var random = SeededGenerator(seed: 36)
      let rows = LayerInput(heads, count: 77, &random)
      let found = try attend(rows, heads, .F16, in: [77], compute(set, threads: 2)).map(\.bits)
      #expect(found == expected ?? found, "\(set)")
      expected = found
    }
  }

  @Test("Cuts and threads do not change a bit", arguments: availableSets, CacheFormat.allCases)
  func cutsDoNotMatter(set: InstructionSet, format: CacheFormat) throws {
    var random = SeededGenerator(seed: 31)
    for group in [1, 3, 4] {
      let heads = self.heads(group: group, window: group == 3 ? 40 : nil, softCap: 0)
      let rows = LayerInput(heads, count: 100, &random)
      let whole = try attend(rows, heads, format, in: [100], compute(set, threads: 1)).map(\.bits)
      for threads in [1, 2] {
        for _ in 0..<4 {
          var cuts: [Int] = []
          while cuts.reduce(0, +) < 100 {
            cuts.append(min(Int.random(in: 1...20, using: &random), 100 - cuts.reduce(0, +)))
          }
          let parts = try attend(rows, heads, format, in: cuts, compute(set, threads: threads))
          #expect(parts.map(\.bits) == whole, "\(threads) threads, slices of \(cuts)")
        }
      }
    }
  }

  @Test(
    "Rows of a long context, shared by threads, have the same bits", arguments: availableSets)
  func longContextsAreShared(set: InstructionSet) throws {
    var random = SeededGenerator(seed: 33)
    let count = set == .portable ? 600 : 1_700
    for (group, window) in [(1, nil), (3, nil), (4, 700)] {
      let heads = self.heads(group: group, window: window, softCap: 0)
      let rows = LayerInput(heads, count: count, &random)
      let whole = try attend(rows, heads, .F16, in: [count], compute(set, threads: 1)).map(\.bits)
      for cuts in [[count - 9, 1, 5, 3], [count - 1, 1]] {
        for threads in [1, 2, 5] {
          let parts = try attend(rows, heads, .F16, in: cuts, compute(set, threads: threads))
          #expect(parts.map(\.bits) == whole, "\(threads) threads, slices of \(cuts)")
        }
      }
    }
  }

  @Test("Sequences in one batch do not see each other", arguments: availableSets)
  func sequencesAreApart(set: InstructionSet) throws {
    var random = SeededGenerator(seed: 32)
    let heads = self.heads(group: 2, window: nil, softCap: 0)
    let compute = compute(set, threads: 2)
    let inputs = [7, 1, 12].map { LayerInput(heads, count: $0, &random) }
    let alone = try inputs.map { try attend($0, heads, .F16, in: [$0.queries.count], compute) }
    let joined = LayerInput(joining: inputs)
    let caches = try inputs.map { _ in try OwnedCache(heads, format: .F16, positions: 32) }
    defer { withExtendedLifetime(caches) {} }
    var runs: [AttentionRun] = []
    for (input, cache) in zip(inputs, caches) {
      let first = runs.last?.rows.upperBound ?? 0
      runs.append(
        AttentionRun(
          rows: first..<first + input.queries.count, positions: Array(input.queries.indices),
          cache: cache.cache))
    }
    let together = try attend(joined, heads, runs: runs, compute)
    #expect(together.map(\.bits) == alone.joined().map(\.bits))
  }

  private func heads(group: Int, window: Int?, softCap: Float) -> AttentionHeads {
    var heads = AttentionHeads(
      headCount: 2 * group, keyValueHeadCount: 2, keyLength: Self.keyLength,
      valueLength: Self.valueLength, scale: 0.125)
    heads.window = window
    heads.softCap = softCap
    return heads
  }

  private func compute(_ set: InstructionSet, threads: Int) -> Compute {
    Compute(instructionSet: set, pool: WorkerPool(threadCount: threads))
  }

  /// Queries, keys and values of consecutive positions.
  struct LayerInput {
    var queries: [[Float]]
    var keys: [[Float]]
    var values: [[Float]]

    init(_ heads: AttentionHeads, count: Int, _ random: inout SeededGenerator) {
      func rows(_ heads: Int, _ length: Int) -> [[Float]] {
        (0..<count).map { _ in random.halfFloats(heads * length) }
      }
      queries = rows(heads.headCount, heads.keyLength)
      keys = rows(heads.keyValueHeadCount, heads.keyLength)
      values = rows(heads.keyValueHeadCount, heads.valueLength)
    }

    init(joining parts: [LayerInput]) {
      queries = parts.flatMap(\.queries)
      keys = parts.flatMap(\.keys)
      values = parts.flatMap(\.values)
    }
  }

  /// Attention of one sequence in slices of the given sizes, `[rows][heads × valueLength]`.
  private func attend(
    _ input: LayerInput, _ heads: AttentionHeads, _ format: CacheFormat, in slices: [Int],
    _ compute: Compute
  ) throws -> [[Float]] {
    let cache = try OwnedCache(heads, format: format, positions: input.queries.count)
    defer { withExtendedLifetime(cache) {} }
    var first = 0
    return try slices.flatMap { count in
      let range = first..<first + count
      defer { first += count }
      var part = input
      part.queries = Array(input.queries[range])
      part.keys = Array(input.keys[range])
      part.values = Array(input.values[range])
      let run = AttentionRun(rows: 0..<count, positions: Array(range), cache: cache.cache)
      return try attend(part, heads, runs: [run], compute)
    }
  }

  private func attend(
    _ input: LayerInput, _ heads: AttentionHeads, runs: [AttentionRun], _ compute: Compute
  ) throws -> [[Float]] {
    let count = input.queries.count
    let width = heads.headCount * heads.valueLength
    let (query, key, value) = (
      try OwnedRows(input.queries), try OwnedRows(input.keys), try OwnedRows(input.values)
    )
    let output = try OwnedRows(count, stride: width)
    let scratch = try OwnedRows(
      compute.pool.threadCount, stride: AttentionScratch.floatCount(heads))
    let states = try OwnedRows(2, stride: AttentionScratch.stateCount(heads, positions: 2_048))
    defer { withExtendedLifetime((query, key, value, scratch, states)) {} }
    compute.storeHeads(
      heads, query: query.rows, key: key.rows, value: value.rows, angles: query.rows, runs: runs)
    compute.attend(
      heads, query: query.rows, output: output.rows, runs: runs,
      scratch: AttentionScratch(
        threads: scratch.rows, states: states.rows, stateRowCount: 2))
    return output.values(width)
  }
}
