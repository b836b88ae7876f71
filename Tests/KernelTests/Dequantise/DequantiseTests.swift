// Every format's blocks, real and random, against the floats of the reference, bit for bit.

import KernelInterface
import KernelsPortable
import TestSupport
import Testing

@Suite struct DequantiseTests {
  /// What `quants/index.json` says of a format.
  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    let type: String
    let ggmlType: UInt32
    let blockElements: Int
    let blockBytes: Int

    enum CodingKeys: String, CodingKey {
      case type
      case ggmlType = "ggml_type"
      case blockElements = "block_elements"
      case blockBytes = "block_bytes"
    }

    var testDescription: String { type }
  }

  struct Index: Decodable {
    let types: [Golden]
  }

  static let formats = (try? ProjectFixtures.json("quants/index.json", as: Index.self).types) ?? []

  @Test("The fixtures cover every format that holds weights")
  func everyWeightFormatIsCovered() {
    let covered = Set(Self.formats.map(\.ggmlType))
    #expect(covered == Set(TensorFormat.allCases.filter(\.holdsWeights).map(\.rawValue)))
  }

  @Test("A format has the name and the block size of the index", arguments: formats)
  func formatsAgreeWithTheIndex(golden: Golden) throws {
    let format = try #require(TensorFormat(rawValue: golden.ggmlType))
    #expect(format.name == golden.type)
    #expect(format.blockElements == golden.blockElements)
    #expect(format.blockBytes == golden.blockBytes)
  }

  @Test("Blocks become the reference's floats, bit for bit", arguments: formats, ["", ".rand"])
  func blocksBecomeTheReferencesFloats(golden: Golden, kind: String) throws {
    let format = try #require(TensorFormat(rawValue: golden.ggmlType))
    let blocks = try ProjectFixtures.bytes("quants/\(golden.type)\(kind).blocks")
    let expected = try ProjectFixtures.bytes("quants/\(golden.type)\(kind).f32").words
    #expect(blocks.count == format.rowBytes(elements: expected.count))
    // One byte off, because a tensor's rows may begin anywhere.
    for offset in [0, 1] {
      let found = Self.dequantised(format, blocks, count: expected.count, offset: offset)
      let wrong = found.indices.first { found[$0] != expected[$0] }
      #expect(wrong == nil, "offset \(offset): the first wrong weight is \(wrong ?? -1)")
    }
  }

  @Test("Only the weights asked for are written", arguments: formats)
  func nothingElseIsWritten(golden: Golden) throws {
    let format = try #require(TensorFormat(rawValue: golden.ggmlType))
    let blocks = try ProjectFixtures.bytes("quants/\(golden.type).blocks")
    let sentinel: Float = 12345.5
    for blockCount in [0, 1, 3] {
      let count = blockCount * format.blockElements
      var output = [Float](repeating: sentinel, count: count + 1)
      blocks.withUnsafeBytes { dequantise(format, $0.baseAddress!, count: count, into: &output) }
      #expect(output.last == sentinel)
    }
  }

  @Test("Every half-precision number becomes its float")
  func halves() {
    let bits = (0...UInt16.max).map(\.self)
    var output = [Float](repeating: 0, count: bits.count)
    bits.withUnsafeBytes {
      dequantise(.F16, $0.baseAddress!, count: bits.count, into: &output)
    }
    for half in bits where output[Int(half)].bitPattern != Self.float(half: half).bitPattern {
      Issue.record("half \(half) became \(output[Int(half)])")
    }
  }

  /// The definition: sign × 2^(exponent - 15) × 1.fraction, or 2^-14 × 0.fraction.
  private static func float(half bits: UInt16) -> Float {
    let fraction = Int(bits & 0x3ff)
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    switch Int(bits >> 10 & 31) {
    case 0: return sign * Float(fraction) * 0x1p-24
    case 31:
      return Float(bitPattern: UInt32(bits >> 15) << 31 | 0x7f80_0000 | UInt32(fraction) << 13)
    case let exponent:
      return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1)
        * Float(1024 + fraction)
    }
  }

  /// The bits of the floats of `blocks`, read `offset` bytes beyond an aligned address.
  private static func dequantised(
    _ format: TensorFormat, _ blocks: [UInt8], count: Int, offset: Int
  ) -> [UInt32] {
    let shifted = [UInt8](repeating: 0, count: offset) + blocks
    var output = [Float](repeating: .nan, count: count)
    shifted.withUnsafeBytes {
      dequantise(format, $0.baseAddress! + offset, count: count, into: &output)
    }
    return output.map(\.bitPattern)
  }
}

extension [UInt8] {
  /// The bytes as little-endian 32-bit words.
  fileprivate var words: [UInt32] {
    withUnsafeBytes { bytes in
      (0..<count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
    }
  }
}
