// Rotary embeddings and their context extensions, against Double mathematics.

import KernelInterface
import TensorCore
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct RotaryEmbeddingTests {
  /// Frequencies are powers in float32 of a rounded base: an error of a rounding for each pair and
  /// a few more, which the position multiplies. All engines share it, and it is part of what the
  /// models were trained with.
  static let roundingsPerPair = 2.0
  static let otherRoundings = 8.0

  static let positions = [0, 1, 2, 31, 100, 4_095, 100_000]

  @Test("Angles are those of the paper", arguments: [2, 16, 64, 128], [Float(10_000), 1_000_000])
  func plainAngles(dimensions: Int, base: Float) throws {
    let rotary = RotaryEmbedding(pairing: .halves, dimensionCount: dimensions, base: base)
    try check(rotary, magnitude: 1) { pow(Double(base), -2 * Double($0) / Double(dimensions)) }
  }

  @Test("Linear scaling divides positions, and divisors divide frequencies")
  func scaledAngles() throws {
    let folder = try TemporaryFolder()
    let tensor = try TensorFormat.F32.tensor(rows: 1, columns: 32, seed: 1, in: folder)
    let divisors = try Vector(tensor)
    let rotary = RotaryEmbedding(
      pairing: .adjacent, dimensionCount: 64, base: 10_000, linearFactor: 4, divisors: divisors)
    try check(rotary, magnitude: 1) {
      pow(10_000, -2 * Double($0) / 64) / 4 / Double(divisors.values[$0])
    }
  }

  @Test("YaRN keeps fast pairs, stretches slow ones and raises the magnitude")
  func yarn() throws {
    let yarn = RotaryEmbedding.YaRN(factor: 8, originalContextLength: 2_048)
    let rotary = RotaryEmbedding(
      pairing: .adjacent, dimensionCount: 64, base: 10_000, yarn: yarn, attentionFactor: 0.75)
    // Pairs that turn 32 times and once within the original context (Peng et al. 2023).
    func pair(turns: Double) -> Double {
      64 * log(2_048 / (turns * 2 * Double.pi)) / (2 * log(10_000))
    }
    let low = pair(turns: 32).rounded(.down)
    let high = pair(turns: 1).rounded(.up)
    try check(rotary, magnitude: 0.75 * (1 + 0.1 * log(8))) { index in
      let plain = pow(10_000, -2 * Double(index) / 64)
      let stretched = min(1, max(0, (Double(index) - low) / (high - low)))
      return plain * (1 - stretched) + plain / 8 * stretched
    }
  }

  @Test("Heads turn by their position's angles", arguments: [true, false])
  func rotation(isAdjacent: Bool) throws {
    // 24 of 40 dimensions turn.
    let rotary = RotaryEmbedding(
      pairing: isAdjacent ? .adjacent : .halves, dimensionCount: 24, base: 10_000)
    var heads = AttentionHeads(
      headCount: 3, keyValueHeadCount: 1, keyLength: 40, valueLength: 40, scale: 1)
    heads.rotary = rotary
    var random = SeededGenerator(seed: 2)
    let input = (0..<5).map { _ in random.floats(120) }
    let query = try OwnedRows(input)
    let key = try OwnedRows((0..<5).map { _ in random.floats(40) })
    let angles = try OwnedRows(5, stride: 24)
    let positions = [0, 3, 4, 17, 40]
    for (row, position) in positions.enumerated() {
      rotary.writeAngles(at: position, to: angles.rows, row: row)
    }
    let cache = try OwnedCache(heads, format: .F32, positions: 64)
    defer { withExtendedLifetime((key, angles, cache)) {} }
    Compute(instructionSet: .portable, pool: WorkerPool(threadCount: 1)).storeHeads(
      heads, query: query.rows, key: key.rows, value: key.rows, angles: angles.rows,
      runs: [AttentionRun(rows: 0..<5, positions: positions, cache: cache.cache)])
    for (row, position) in positions.enumerated() {
      for head in 0..<3 {
        let expected = PlainKernels.rotated(
          Array(input[row][head * 40..<head * 40 + 40]),
          angles: (0..<12).map { Double(position) * pow(10_000, -2 * Double($0) / 24) },
          pairsAreAdjacent: isAdjacent)
        let found = query.values(120)[row][head * 40..<head * 40 + 40]
        for (found, expected) in zip(found, expected) {
          #expect(abs(Double(found) - expected) < 2e-5)
        }
        #expect(Array(found.dropFirst(24)) == Array(input[row][head * 40 + 24..<head * 40 + 40]))
      }
    }
  }

  /// Compares cosines and sines with those of `frequency(pair)` in Double.
  private func check(
    _ rotary: RotaryEmbedding, magnitude: Double,
    _ frequency: (Int) -> Double
  ) throws {
    let pairs = rotary.dimensionCount / 2
    let output = try OwnedRows(1, stride: 2 * pairs)
    for position in Self.positions {
      rotary.writeAngles(at: position, to: output.rows, row: 0)
      for (pair, values) in zip(
        output.values(pairs)[0],
        output.rows.read(row: 0, count: 2 * pairs)
          .suffix(pairs)
      ).enumerated() {
        let angle = Double(position) * frequency(pair)
        let roundings = Self.roundingsPerPair * Double(pair) + Self.otherRoundings
        let tolerance = magnitude * roundings * 0x1p-24 * (1 + angle)
        #expect(abs(Double(values.0) - magnitude * cos(angle)) <= tolerance)
        #expect(abs(Double(values.1) - magnitude * sin(angle)) <= tolerance)
      }
    }
  }
}
