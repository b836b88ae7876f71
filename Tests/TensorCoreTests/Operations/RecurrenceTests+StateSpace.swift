// A state space with one decay for a head against its definition, and norms of parts.

import TensorCore
import TestSupport
import Testing

extension RecurrenceTests {
  @Test(
    "A state space is the recurrence of its definition, in whatever parts its matrices lie",
    arguments: [(1, 1), (4, 2), (3, 1)], [8, 24])
  func stateSpace(heads: (count: Int, groups: Int), stateLength: Int) throws {
    var random = SeededGenerator(seed: UInt64(heads.count * stateLength))
    let (count, headLength, frontCount) = (75, 40, 5)
    let sizes = StateSpace.Sizes(
      headCount: heads.count, headLength: headLength, groupCount: heads.groups,
      stateLength: stateLength)
    #expect(sizes.width == heads.count * headLength)
    #expect(sizes.inputWidth == sizes.width + 2 * heads.groups * stateLength)
    let decay = random.floats(heads.count).map { -abs($0) - 0.1 }
    let (skip, bias) = (random.floats(heads.count), random.floats(heads.count))
    let space = StateSpace(
      sizes, decay: try vector(decay), skip: try vector(skip), stepBias: try vector(bias))
    let width = sizes.inputWidth + heads.count
    let input = (0..<count).map { _ in random.floats(width) }
    var matrices = [Double](repeating: 0, count: sizes.width * stateLength)
    var expected: [[Double]] = []
    for row in input.map({ $0.map(Double.init) }) {
      expected.append(
        (0..<sizes.width).map { channel in
          let head = channel / headLength
          let step = PlainKernels.softplus(row[sizes.inputWidth + head] + Double(bias[head]))
          let fade = PlainKernels.exponential(step * Double(decay[head]))
          let write = sizes.width + head * heads.groups / heads.count * stateLength
          var sum = Double(skip[head]) * row[channel]
          for n in 0..<stateLength {
            let place = channel * stateLength + n
            matrices[place] = fade * matrices[place] + step * row[channel] * row[write + n]
            sum += matrices[place] * row[write + heads.groups * stateLength + n]
          }
          return sum
        })
    }
    for rowsOfPart in [1, 7, 64, 1000] {
      let partCount = 1 + (sizes.width + rowsOfPart - 1) / rowsOfPart
      let partLength = max(frontCount, rowsOfPart * stateLength)
      for (threads, cuts) in Self.cuts(count) {
        let found = try run(
          input, width, sizes.width, partLength, cuts, threads, partCount: partCount
        ) {
          $0.apply(
            space, StateSpace.Inputs(values: $1, steps: $1.columns(from: sizes.inputWidth)),
            into: $2, runs: $3)
        }
        for (found, expected) in zip(found.joined(), expected.joined()) {
          #expect(abs(Double(found) - expected) < Self.tolerance * max(1, abs(expected)))
        }
      }
    }
  }

  @Test("Parts of a row are normed each by itself, with weights of its own")
  func normsOfParts() throws {
    var random = SeededGenerator(seed: 7)
    let (input, weights) = (random.floats(48), random.floats(48))
    let buffer = try AlignedBuffer(byteCount: 4 * 64)
    let rows = FloatRows(base: buffer.floats, stride: 64)
    rows.write(input, row: 0)
    compute(threads: 1).apply(
      try vector(weights), parts: 3, epsilon: 0.25, to: rows, rows: 1)
    let expected = (0..<3).flatMap { part in
      let range = part * 16..<part * 16 + 16
      return PlainKernels.rmsNorm(Array(input[range]), Array(weights[range]), epsilon: 0.25)
    }
    for (found, expected) in zip(rows.read(row: 0, count: 48), expected) {
      #expect(abs(Double(found) - expected) < 1e-5)
    }
  }
}
