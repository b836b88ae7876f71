// Experts of a group give each row the bits that they give it alone.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct ExpertsTests {
  @Test("Groups hold all choices in order, and no two rows in one place")
  func groups() {
    var random = SeededGenerator(seed: 3)
    for capacity in [1, 2, 3, 5, 8, 13, 64] {
      for _ in 0..<200 {
        let experts = Int.random(in: 1...12, using: &random)
        let choices = (0..<experts).flatMap { expert in
          (0..<Int.random(in: 0...capacity, using: &random)).map {
            ExpertChoice(expert: expert, row: $0, weight: 1)
          }
        }
        var rest = choices[...]
        while !rest.isEmpty {
          let group = ExpertGroup(rest, capacity: capacity)
          #expect(!group.runs.isEmpty)
          #expect(group.choices.startIndex == rest.startIndex)
          var (next, free) = (group.choices.startIndex, 0)
          for run in group.runs {
            #expect(run.choices.lowerBound == next)
            #expect(choices[run.choices].allSatisfy { $0.expert == run.expert })
            #expect(run.place == free)
            next = run.choices.upperBound
            free += ActivationLayout.room(rows: run.count)
            #expect(run.place + run.count <= capacity)
          }
          #expect(free <= ActivationLayout.room(rows: max(2, capacity)))
          #expect(next == group.choices.endIndex)
          rest = rest[next...]
        }
      }
    }
  }

  @Test("A row has the same bits for any neighbours", arguments: availableSets)
  func neighbours(set: InstructionSet) throws {
    let folder = try TemporaryFolder()
    let compute = Compute(instructionSet: set, pool: WorkerPool(threadCount: 2))
    let (columns, inner, rows) = (256, 256, 37)
    func matrix(_ format: TensorFormat, _ rows: Int, _ columns: Int, _ seed: Int) throws
      -> PackedMatrix
    {
      try PackedMatrix(
        format.tensor(rows: rows, columns: columns, seed: UInt64(seed), in: folder), exact: false,
        pool: compute.pool)
    }
    let inputs = try (0..<5).map {
      Projection([
        try matrix(.Q4_K, inner, columns, 3 * $0), try matrix(.Q4_K, inner, columns, 3 * $0 + 1),
      ])
    }
    let outputs = try (0..<5).map {
      Projection(try matrix(.Q6_K, columns, inner, 3 * $0 + 2))
    }
    let scaling = try #require(outputs[0].scaling)
    var random = SeededGenerator(seed: 4)
    let values = (0..<rows).map { _ in random.floats(columns) }
    let source = try OwnedActivations(values)
    defer { withExtendedLifetime(source) {} }
    // Expert 3 takes none, expert 4 one.
    let choices = [Range(0...36), 0..<20, 5..<8, 36..<37].enumerated().flatMap { index, rows in
      rows.map {
        ExpertChoice(expert: index == 3 ? 4 : index, row: $0, weight: 0.1 * Float(index + 1))
      }
    }

    func run(_ choices: [ExpertChoice], capacity: Int, atOnce: Bool) throws -> [[UInt32]] {
      let sum = try OwnedRows(rows, stride: columns)
      let scratch = try OwnedRows(2, stride: Projection.gatedScratch)
      let projected = try OwnedRows(capacity, stride: inputs[0].outputStride)
      func room() throws -> OwnedActivations {
        try OwnedActivations(
          (0..<ActivationLayout.room(rows: max(2, capacity))).map { _ in
            [Float](repeating: 0, count: columns)
          })
      }
      let (gathered, gated) = (try room(), try room())
      defer { withExtendedLifetime((gathered, gated)) {} }
      var rest = choices[...]
      while !rest.isEmpty {
        let group = ExpertGroup(rest, capacity: capacity)
        rest = rest[group.choices.endIndex...]
        let input = gathered.activations
        compute.gather(
          source.activations.floats, group, into: input, quantised: inputs[0].scaling)
        if atOnce {
          compute.multiply(
            group.runs.map {
              GatedProduct(
                inputs[$0.expert], input.rows(from: $0.place), .silu, rows: $0.count,
                into: gated.activations.rows(from: $0.place), quantised: scaling)
            }, scratch: scratch.rows)
        } else {
          compute.multiply(
            group.runs.map {
              Product(
                inputs[$0.expert], input.rows(from: $0.place), rows: $0.count,
                into: projected.rows.rows(from: $0.place))
            })
          compute.gate(
            .silu, gate: projected.rows, up: projected.rows.columns(from: inputs[0].offsets[1]),
            group, into: gated.activations, quantised: scaling)
        }
        compute.multiply(
          group.runs.map {
            Product(
              outputs[$0.expert], gated.activations.rows(from: $0.place), rows: $0.count,
              into: projected.rows.rows(from: $0.place))
          })
        compute.scatter(projected.rows, group, scale: 1, to: sum.rows, columns: columns)
      }
      return sum.values(columns).map(\.bits)
    }

    var alone = try run(choices.filter { $0.row == 0 }, capacity: 1, atOnce: false)
    for row in 1..<rows {
      alone[row] = try run(choices.filter { $0.row == row }, capacity: 1, atOnce: false)[row]
    }
    #expect(Set(alone).count == rows)
    for capacity in [37, 40, 100] {
      for atOnce in [false, true] {
        #expect(try run(choices, capacity: capacity, atOnce: atOnce) == alone, "\(capacity)")
      }
    }
  }

  @Test("What an expert gives has its factor and then its bias, as if alone")
  func factorsAndBiases() throws {
    let compute = Compute(instructionSet: availableSets[0], pool: WorkerPool(threadCount: 2))
    let (columns, rows) = (600, 7)
    var random = SeededGenerator(seed: 9)
    let choices = [0..<7, 2..<3, 1..<5].enumerated().flatMap { expert, rows in
      rows.map { ExpertChoice(expert: expert, row: $0, weight: 0.3 * Float(expert + 1)) }
    }
    let group = ExpertGroup(choices[...], capacity: 40)
    try #require(group.choices.count == choices.count)
    let given = try OwnedRows((0..<40).map { _ in random.floats(columns) })
    let factors: [Float] = [0.7, -1.3, 3.1]
    let biases = try factors.map { _ in try Vector(random.floats(columns)) }
    for (hasFactors, hasBiases) in [(false, false), (true, false), (false, true), (true, true)] {
      let expected = try OwnedRows(rows, stride: columns)
      for run in group.runs {
        for (index, choice) in group.choices[run.choices].enumerated() {
          let (from, to) = (given.rows.row(run.place + index), expected.rows.row(choice.row))
          for column in 0..<columns {
            var value = from[column]
            if hasFactors { value *= factors[run.expert] }
            if hasBiases { value += biases[run.expert][column] }
            to[column] += 0.5 * choice.weight * value
          }
        }
      }
      let found = try OwnedRows(rows, stride: columns)
      compute.scatter(
        given.rows, group, scale: 0.5, factors: hasFactors ? factors : nil,
        biases: ExpertBiases(hasBiases ? biases : []), to: found.rows, columns: columns)
      #expect(found.values(columns).map(\.bits) == expected.values(columns).map(\.bits))
    }
  }

  @Test("Biases stand before the activation") func biasesOfInputs() throws {
    let compute = Compute(instructionSet: availableSets[0], pool: WorkerPool(threadCount: 2))
    let columns = 64
    var random = SeededGenerator(seed: 10)
    let choices = (0..<3).map { ExpertChoice(expert: $0, row: 0, weight: 1) }
    let group = ExpertGroup(choices[...], capacity: 40)
    let count = ActivationLayout.room(rows: 40)
    let values = (0..<count).map { _ in random.floats(2 * columns) }
    let biases = try (0..<2).map { _ in try (0..<3).map { _ in try Vector(random.floats(columns)) }
    }
    func gated(_ values: [[Float]], _ biases: [ExpertBiases]) throws -> [[UInt32]] {
      let rows = try OwnedRows(values)
      let output = try OwnedActivations(
        (0..<count).map { _ in [Float](repeating: 0, count: columns) })
      defer { withExtendedLifetime((rows, output)) {} }
      compute.gate(
        .silu, gate: rows.rows, up: rows.rows.columns(from: columns), group,
        biases: (biases[0], biases[1]), into: output.activations, quantised: nil)
      return group.runs.map { run in
        let row = output.activations.floats.row(run.place)
        return (0..<columns).map { row[$0].bitPattern }
      }
    }
    var added = values
    for run in group.runs {
      for column in 0..<columns {
        added[run.place][column] += biases[0][run.expert][column]
        added[run.place][columns + column] += biases[1][run.expert][column]
      }
    }
    let expected = try gated(added, [.none, .none])
    #expect(try gated(values, biases.map { ExpertBiases($0) }) == expected)
    #expect(try gated(values, [.none, .none]) != expected)
  }
}
