// What the tests of operations compute with: each instruction set, with one thread and with two.

import KernelInterface
import TensorCore
import TestSupport

/// The instruction sets that this processor has.
let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// Rows of floats that own their memory.
struct OwnedRows {
  let rows: FloatRows
  let count: Int
  private let buffer: AlignedBuffer

  init(_ count: Int, stride: Int) throws {
    self.count = count
    buffer = try AlignedBuffer(byteCount: count * stride * 4)
    rows = FloatRows(base: buffer.floats, stride: stride)
  }

  init(_ values: [[Float]], stride: Int? = nil) throws {
    try self.init(values.count, stride: stride ?? values[0].count)
    for (index, row) in values.enumerated() { rows.write(row, row: index) }
  }

  /// The first `columns` floats of each row.
  func values(_ columns: Int) -> [[Float]] {
    (0..<count).map { rows.read(row: $0, count: columns) }
  }
}

/// Activations that own their memory.
struct OwnedActivations {
  let activations: Activations
  private let floats: OwnedRows
  private let quantised: AlignedBuffer

  init(_ values: [[Float]]) throws {
    let columns = values[0].count
    floats = try OwnedRows(values, stride: (columns + 31) / 32 * 32)
    quantised = try AlignedBuffer(
      byteCount: Activations.quantisedBytes(rows: 2 * values.count, columns: columns) + 64)
    activations = Activations(
      floats: floats.rows, quantised: quantised.base, columns: columns)
  }
}

extension TensorFormat {
  /// Random blocks for `rows` × `columns` weights; scales are halves of moderate size.
  func randomTensor(rows: Int, columns: Int, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    let offsets: [Int] =
      switch self {
      case .Q4_1, .Q5_1, .Q4_K, .Q5_K: [1, 3]
      case .Q6_K: [209]
      case .F32: [3]
      default: [1]
      }
    return (0..<rows * columns / blockElements).flatMap { _ in
      var block = random.bytes(blockBytes)
      // The high byte of a number: an exponent below zero.
      let high: ClosedRange<UInt8> = self == .F32 || self == .BF16 ? 0x39...0x3E : 0x1C...0x2B
      for offset in offsets { block[offset] = UInt8.random(in: high, using: &random) }
      return block
    }
  }

  /// A tensor of random blocks in a file of its own.
  func tensor(rows: Int, columns: Int, seed: UInt64, in folder: TemporaryFolder) throws
    -> GGUFTensor
  {
    var builder = GGUFBuilder()
    builder.addTensor(
      "weight", shape: [UInt64(columns), UInt64(rows)], type: rawValue,
      content: randomTensor(rows: rows, columns: columns, seed: seed))
    let path = try folder.write(builder.build(), as: "\(name)-\(rows)-\(columns)-\(seed).gguf")
    return try GGUFFile(path: path).tensor(named: "weight")!
  }
}
