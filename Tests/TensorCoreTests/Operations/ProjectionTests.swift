// Projections give each row the same bits, however many rows, panels and threads take part.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct ProjectionTests {
  static let packed = TensorFormat.allCases.filter { $0.layout != nil }

  @Test(
    "A row has the same bits for any number of rows and threads", arguments: availableSets, packed)
  func rowsDoNotDependOnCompany(set: InstructionSet, format: TensorFormat) throws {
    let folder = try TemporaryFolder()
    let one = Compute(instructionSet: set, pool: WorkerPool(threadCount: 1))
    let two = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    // Three parts, as query, key and value: panels of all of them, the last ones not full.
    let projection = Projection(
      try [(70, 1), (16, 2), (33, 3)].map { rows, seed in
        try PackedMatrix(
          format.tensor(rows: rows, columns: 256, seed: seed, in: folder), exact: false,
          pool: two.pool)
      })
    #expect(projection.outputStride == 80 + 16 + 48)
    #expect(projection.offsets == [0, 80, 96])
    var random = SeededGenerator(seed: 5)
    let input = (0..<64).map { _ in random.floats(256, within: 2) }
    let alone = try input.map { try multiply(projection, [$0], one)[0].bits }
    for count in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64] {
      for compute in [one, two] {
        let results = try multiply(projection, Array(input.suffix(count)), compute)
        #expect(
          results.map(\.bits) == Array(alone.suffix(count)),
          "\(count) rows, \(compute.pool.threadCount) threads")
      }
    }
  }

  @Test("More rows than fit the cache are taken in passes", arguments: availableSets)
  func passes(set: InstructionSet) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    // 8 rows of 32,768 columns are more than a pass.
    let projection = Projection(
      try PackedMatrix(
        TensorFormat.Q8_0.tensor(rows: 16, columns: 32_768, seed: 1, in: folder), exact: false,
        pool: compute.pool))
    var random = SeededGenerator(seed: 6)
    let input = (0..<19).map { _ in random.floats(32_768) }
    let together = try multiply(projection, input, compute)
    for (index, row) in input.enumerated() {
      #expect(try multiply(projection, [row], compute)[0].bits == together[index].bits)
    }
  }

  @Test("Many rows go by several runs of columns", arguments: availableSets, packed)
  func manyRows(set: InstructionSet, format: TensorFormat) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    // 1,280 columns are more than are unpacked at a time; three panels are a pair and a lone one.
    let projection = Projection(
      try PackedMatrix(
        format.tensor(rows: 48, columns: 1_280, seed: 4, in: folder), exact: false,
        pool: compute.pool))
    var random = SeededGenerator(seed: 8)
    let input = (0..<29).map { _ in random.floats(1_280) }
    let together = try multiply(projection, input, compute)
    for (index, row) in input.enumerated() {
      #expect(try multiply(projection, [row], compute)[0].bits == together[index].bits)
    }
  }

  @Test(
    "Gating at once gives the bits of gating afterwards", arguments: availableSets,
    [TensorFormat.Q8_0, .Q4_K])
  func gating(set: InstructionSet, outputFormat: TensorFormat) throws {
    try compareGating(
      set, outputFormat, width: outputFormat == .Q8_0 ? 352 : 768, columns: 512, threadCount: 2,
      rows: [1, 7, 24, 31, 290])
  }

  /// Some panels whose values of so many rows fit the scratch that a call would begin within a group.
  @Test("Gating at once takes whole groups of rows", arguments: availableSets)
  func gatingByGroups(set: InstructionSet) throws {
    try compareGating(set, .Q8_0, width: 1536, columns: 256, threadCount: 1, rows: [350])
  }

  private func compareGating(
    _ set: InstructionSet, _ outputFormat: TensorFormat, width: Int, columns: Int,
    threadCount: Int, rows: [Int]
  ) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: threadCount))
    let inputs = Projection(
      try [TensorFormat.Q4_K, .Q6_K].enumerated().map { index, format in
        try PackedMatrix(
          format.tensor(rows: width, columns: columns, seed: UInt64(index), in: folder),
          exact: false, pool: compute.pool)
      })
    #expect(inputs.isGated)
    let output = Projection(
      try PackedMatrix(
        outputFormat.tensor(rows: 32, columns: width, seed: 3, in: folder), exact: false,
        pool: compute.pool))
    let scaling = try #require(output.scaling)
    var random = SeededGenerator(seed: 9)
    for count in rows {
      let input = try OwnedActivations((0..<count).map { _ in random.floats(columns) })
      defer { withExtendedLifetime(input) {} }
      compute.quantise(input.activations, for: inputs, rows: count)
      let scratch = try OwnedRows(2, stride: Projection.gatedScratch)
      let atOnce = try OwnedActivations(
        (0..<count).map { _ in [Float](repeating: 0, count: width) })
      compute.multiply(
        GatedProduct(
          inputs, input.activations, .silu, rows: count, into: atOnce.activations,
          quantised: scaling),
        scratch: scratch.rows)

      let projected = try OwnedRows(count, stride: inputs.outputStride)
      inputs.multiply(input.activations, rows: count, into: projected.rows, compute)
      let afterwards = try OwnedActivations(
        (0..<count).map { _ in [Float](repeating: 0, count: width) })
      compute.gate(
        .silu, gate: projected.rows, up: projected.rows.columns(from: inputs.offsets[1]),
        rows: count, into: afterwards.activations, quantised: scaling)

      func result(_ activations: OwnedActivations) throws -> [[UInt32]] {
        let rows = try OwnedRows(count, stride: output.outputStride)
        output.multiply(activations.activations, rows: count, into: rows.rows, compute)
        return rows.values(32).map(\.bits)
      }
      #expect(try result(atOnce) == result(afterwards), "\(count) rows")
    }
  }

  @Test("Parts of different formats share an input", arguments: availableSets)
  func mixedFormats(set: InstructionSet) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    let parts = try [TensorFormat.Q6_K, .F16, .Q4_K, .F32].enumerated().map { index, format in
      try PackedMatrix(
        format.tensor(rows: 20, columns: 512, seed: UInt64(index), in: folder), exact: false,
        pool: compute.pool)
    }
    let projection = Projection(parts)
    #expect(projection.scaling == .fourBlocks)
    var random = SeededGenerator(seed: 7)
    let input = (0..<3).map { _ in random.floats(512) }
    let together = try multiply(projection, input, compute)
    for (part, offset) in zip(parts, projection.offsets) {
      let alone = try multiply(Projection(part), input, compute)
      for (row, whole) in zip(alone, together) {
        #expect(row.bits == Array(whole[offset..<offset + 32]).bits)
      }
    }
  }

  @Test("Two quantisations of a row add 7 bits to it", arguments: availableSets)
  func fineProducts(set: InstructionSet) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    let tensor = try TensorFormat.Q8_0.tensor(rows: 48, columns: 512, seed: 8, in: folder)
    let stored = try PackedMatrix(tensor, exact: false, pool: compute.pool)
    let exact = try PackedMatrix(tensor, exact: true, pool: compute.pool)
    var random = SeededGenerator(seed: 9)
    let input = (0..<3).map { _ in random.floats(512) }
    let expected = try multiply(Projection(exact), input, compute)
    let coarse = try multiply(Projection(stored), input, compute)

    let projection = Projection(stored)
    let activations = try OwnedActivations(input)
    defer { withExtendedLifetime(activations) {} }
    let output = try OwnedRows(6, stride: projection.outputStride)
    for row in input.indices {
      compute.quantiseFinely(activations.activations, .block, row: row, of: input.count)
    }
    projection.multiply(activations.activations, rows: 6, into: output.rows, compute)
    compute.addPairs(output.rows, count: 3, columns: projection.outputStride)
    for row in input.indices {
      let fine = output.values(48)[row]
      let target = Array(expected[row].prefix(48))
      let coarseError = Array(coarse[row].prefix(48)).normalisedSquaredError(from: target)
      #expect(fine.normalisedSquaredError(from: target) < coarseError / 4_096)
    }
  }

  @Test("What rounding left of inputs is a product of its own", arguments: availableSets)
  func restOfProducts(set: InstructionSet) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    let tensor = try TensorFormat.Q8_0.tensor(rows: 48, columns: 512, seed: 8, in: folder)
    let projection = Projection(try PackedMatrix(tensor, exact: false, pool: compute.pool))
    let exact = Projection(try PackedMatrix(tensor, exact: true, pool: compute.pool))
    var random = SeededGenerator(seed: 9)
    let input = (0..<29).map { _ in random.floats(512) }
    let expected = try multiply(exact, input, compute)
    let coarse = try multiply(projection, input, compute)

    let activations = try OwnedActivations(input)
    defer { withExtendedLifetime(activations) {} }
    let rest = try OwnedRows(input.count, stride: projection.outputStride)
    compute.quantise(activations.activations, for: projection, rows: input.count)
    compute.quantiseRest(activations.activations, .block, rows: input.count)
    projection.multiply(activations.activations, rows: input.count, into: rest.rows, compute)
    for (row, rest) in rest.values(48).enumerated() {
      let target = Array(expected[row].prefix(48))
      let coarse = Array(coarse[row].prefix(48))
      #expect(
        zip(coarse, rest).map { $0 + $1 }.normalisedSquaredError(from: target)
          < coarse.normalisedSquaredError(from: target) / 4_096)
    }
  }

  /// `[rows][outputStride]`.
  private func multiply(
    _ projection: Projection, _ input: [[Float]], _ compute: Compute
  ) throws -> [[Float]] {
    let activations = try OwnedActivations(input)
    defer { withExtendedLifetime(activations) {} }
    let output = try OwnedRows(input.count, stride: projection.outputStride)
    compute.quantise(activations.activations, for: projection, rows: input.count)
    projection.multiply(
      activations.activations, rows: input.count, into: output.rows, compute)
    return output.values(projection.outputStride)
  }
}
