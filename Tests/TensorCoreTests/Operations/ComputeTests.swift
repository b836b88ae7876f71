// Row operations of a batch: the same bits for one row and many, one thread and two.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct ComputeTests {
  @Test("Row operations do not depend on company", arguments: availableSets)
  func rowsDoNotDependOnCompany(set: InstructionSet) throws {
    let folder = try TemporaryFolder()
    let one = Compute(instructionSet: set, pool: WorkerPool(threadCount: 1))
    let two = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    let weight = try Vector(TensorFormat.F32.tensor(rows: 1, columns: 96, seed: 1, in: folder))
    var random = SeededGenerator(seed: 2)
    let input = (0..<33).map { _ in random.floats(96, within: 3) }
    let alone = try input.map { try results($0, weight, one) }
    for count in [1, 2, 3, 8, 33] {
      for compute in [one, two] {
        let together = try results(Array(input.prefix(count)), weight, compute)
        #expect(together == Array(alone.prefix(count)), "\(count) rows")
      }
    }
  }

  @Test("A residual is added, with its norm or without", arguments: availableSets)
  func residual(set: InstructionSet) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    let weight = try Vector(TensorFormat.F32.tensor(rows: 1, columns: 40, seed: 3, in: folder))
    let weights = (0..<40).map { weight.values[$0] }
    var random = SeededGenerator(seed: 4)
    let (source, target) = (random.floats(40), random.floats(40))
    for norm in [nil, weight] {
      let from = try OwnedRows([source])
      let to = try OwnedRows([target])
      compute.addResidual(from.rows, norm: norm, epsilon: 1e-6, to: to.rows, columns: 40, rows: 1)
      let added =
        norm == nil
        ? source.map(Double.init) : PlainKernels.rmsNorm(source, weights, epsilon: 1e-6)
      for (index, found) in to.values(40)[0].enumerated() {
        #expect(abs(Double(found) - Double(target[index]) - added[index]) < 1e-6)
      }
      withExtendedLifetime(from) {}
    }
    let rows = try OwnedRows([target, source])
    compute.add(weight, to: rows.rows, rows: 2)
    #expect(rows.values(40)[0] == zip(target, weights).map { $0 + $1 })
    #expect(rows.values(40)[1] == zip(source, weights).map { $0 + $1 })
  }

  private func results(_ row: [Float], _ weight: Vector, _ compute: Compute) throws -> [UInt8] {
    try results([row], weight, compute)[0]
  }

  /// What norms, gates and quantisation leave of each row, as bytes.
  private func results(
    _ input: [[Float]], _ weight: Vector, _ compute: Compute
  ) throws -> [[UInt8]] {
    let rows = try OwnedRows(input)
    let normed = try OwnedActivations(input)
    let gated = try OwnedActivations(input)
    defer { withExtendedLifetime((rows, normed, gated)) {} }
    compute.rmsNorm(
      rows.rows, weight, epsilon: 1e-6, rows: input.count, into: normed.activations,
      quantised: .block)
    compute.gate(
      .silu, gate: rows.rows, up: normed.activations.floats, rows: input.count,
      into: gated.activations, quantised: .block)
    return input.indices.map { row in
      [normed.activations, gated.activations].flatMap { (activations: Activations) -> [UInt8] in
        let floats = UnsafeRawBufferPointer(start: activations.floats.row(row), count: 96 * 4)
        let layout = activations.layout(rows: input.count)
        return Array(floats)
          + (0..<3).flatMap { block in
            let line =
              activations.quantised + layout.offset(row: row) + block * layout.blockStride
            return Array(UnsafeRawBufferPointer(start: line, count: ActivationBlock.stride))
          }
      }
    }
  }
}
