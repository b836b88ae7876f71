// Which experts a router's scores choose, and how much each counts.

import KernelInterface
import TensorCore
import Testing

@Suite struct ExpertChoiceTests {
  /// What one row is given, expert by expert.
  private func choices(_ scores: [Float], _ routing: ExpertRouting) throws -> [ExpertChoice] {
    try choices([scores], routing)
  }

  private func choices(_ scores: [[Float]], _ routing: ExpertRouting) throws -> [ExpertChoice] {
    let compute = Compute(instructionSet: .portable, pool: WorkerPool(threadCount: 1))
    let rows = try OwnedRows(scores)
    defer { withExtendedLifetime(rows) {} }
    return compute.choices(rows.rows, rows: scores.count, routing)
  }

  private func routing(
    _ count: Int, used: Int, _ gate: ExpertRouting.Gate, normalises: Bool = false, scale: Float = 1
  ) -> ExpertRouting {
    var routing = ExpertRouting(
      expertCount: count, usedCount: used, normalises: normalises, scale: scale)
    routing.gate = gate
    return routing
  }

  @Test("Weights are the gate's, or add up to 1, times the factor on all")
  func weights() throws {
    let scores: [Float] = [0, 1, -1, 3]
    let plain = try choices(scores, routing(4, used: 2, .sigmoid))
    #expect(plain.map(\.expert) == [1, 3])
    #expect(abs(plain[0].weight - 0.731_058_6) < 1e-6)
    #expect(abs(plain[1].weight - 0.952_574_1) < 1e-6)
    let normed = try choices(scores, routing(4, used: 2, .softmax, normalises: true, scale: 3))
    #expect(normed.map(\.expert) == [1, 3])
    #expect(abs(normed[0].weight + normed[1].weight - 3) < 1e-6)
    #expect(abs(normed[1].weight / normed[0].weight - 7.389_056) < 1e-4)
  }

  @Test("A bias chooses and does not weigh")
  func bias() throws {
    var routing = routing(4, used: 2, .sigmoid)
    routing.bias = try Vector([0, 0, 1, 0])
    let found = try choices([1, 2, 0, -1], routing)
    #expect(found.map(\.expert) == [1, 2])
    #expect(abs(found[0].weight - 0.880_797) < 1e-6)
    #expect(found[1].weight == 0.5)
  }

  @Test("A group ranks by its best expert, or by two where sigmoids or a bias choose")
  func groups() throws {
    // The best expert is in the first group, the best two are in the second.
    let scores: [Float] = [4.2, 0, 4, 4, 1, 1]
    var softmax = routing(6, used: 2, .softmax)
    softmax.groups = ExpertRouting.Groups(count: 3, usedCount: 1)
    #expect(try choices(scores, softmax).map(\.expert) == [0, 1])
    softmax.bias = try Vector([Float](repeating: 0, count: 6))
    #expect(try choices(scores, softmax).map(\.expert) == [2, 3])
    var sigmoid = routing(6, used: 2, .sigmoid)
    sigmoid.groups = ExpertRouting.Groups(count: 3, usedCount: 1)
    #expect(try choices(scores, sigmoid).map(\.expert) == [2, 3])
    sigmoid.groups = ExpertRouting.Groups(count: 3, usedCount: 2)
    #expect(try choices(scores, sigmoid).map(\.expert) == [0, 2])
  }

  @Test("Of equals the first are taken, experts and groups")
  func ties() throws {
    let scores = [Float](repeating: 2, count: 6)
    for gate in [ExpertRouting.Gate.softmax, .sigmoid] {
      var routing = routing(6, used: 2, gate, normalises: true)
      let found = try choices(scores, routing)
      #expect(found.map(\.expert) == [0, 1])
      #expect(found.map(\.weight) == [0.5, 0.5])
      routing.groups = ExpertRouting.Groups(count: 3, usedCount: 1)
      #expect(try choices(scores, routing).map(\.expert) == [0, 1])
    }
  }

  @Test("Scores whose sigmoids are all 1 still choose the largest")
  func saturation() throws {
    let found = try choices([20, 40, 30, 25], routing(4, used: 2, .sigmoid))
    #expect(found.map(\.expert) == [1, 2])
    #expect(found.map(\.weight) == [1, 1])
  }

  @Test("A row whose scores are no numbers goes to no expert, and the others where they would")
  func notNumbers() throws {
    let rows: [[Float]] = [[Float](repeating: .nan, count: 4), [1, 2, 3, 2]]
    for gate in [ExpertRouting.Gate.softmax, .sigmoid] {
      var routing = routing(4, used: 2, gate, normalises: true)
      for groups in [nil, ExpertRouting.Groups(count: 2, usedCount: 1)] {
        routing.groups = groups
        let found = try choices(rows, routing)
        #expect(found.allSatisfy { $0.row == 1 })
        #expect(found.map(\.expert) == (groups == nil ? [1, 2] : [2, 3]))
      }
    }
  }
}
