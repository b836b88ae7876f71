// Norms of queries and keys.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct HeadNormTests {
  @Test("Heads are normed one by one, each by its own weights or by the same, or all together")
  func norms() throws {
    var random = SeededGenerator(seed: 3)
    let input = (0..<3).map { _ in random.floats(48) }
    for (count, isTogether) in [(16, false), (48, false), (48, true)] {
      for isCentred in [false, true] {
        let weights = random.floats(count)
        var heads = AttentionHeads(
          headCount: 3, keyValueHeadCount: 3, keyLength: 16, valueLength: 16, scale: 1)
        heads.queryNorm = HeadNorm(
          Norm(try Vector(weights), epsilon: 1e-5, isCentred: isCentred), isTogether: isTogether)
        let query = try OwnedRows(input)
        let cache = try OwnedCache(heads, format: .F32, positions: 64)
        Compute(instructionSet: .portable, pool: WorkerPool(threadCount: 1)).prepareQueries(
          heads, query.rows, angles: query.rows,
          runs: [AttentionRun(rows: 0..<3, positions: [0, 1, 2], cache: cache.cache)])
        let length = isTogether ? 48 : 16
        for (row, values) in query.values(48).enumerated() {
          for first in stride(from: 0, to: 48, by: length) {
            var part = input[row][first..<first + length].map(Double.init)
            let mean = isCentred ? part.reduce(0, +) / Double(length) : 0
            part = part.map { $0 - mean }
            let square = part.reduce(0) { $0 + $1 * $1 } / Double(length)
            for (index, value) in part.enumerated() {
              let weight = Double(weights[(first + index) % count])
              let expected = value / (square + 1e-5).squareRoot() * weight
              #expect(abs(Double(values[first + index]) - expected) < 1e-5)
            }
          }
        }
      }
    }
  }
}
