// The one-layer models of `quants/`: one for each stored format, with exact logits.

import KernelInterface
import TensorCore
import TestSupport
import Testing

/// What `quants/index.json` says.
struct GoldenQuants: Decodable {
  /// One format.
  struct Kind: Decodable, Sendable, CustomTestStringConvertible {
    /// llama.cpp's distance from exact.
    struct Distance: Decodable, Sendable {
      let maxAbsLogitDiff: Double
      let klMean: Double

      enum CodingKeys: String, CodingKey {
        case maxAbsLogitDiff = "max_abs_logit_diff"
        case klMean = "kl_mean"
      }
    }

    let type: String
    let llamaCpp: Distance

    enum CodingKeys: String, CodingKey {
      case type
      case llamaCpp = "llama_cpp_fast"
    }

    var testDescription: String { type }
    var path: String { Fixtures.root + "/quants/\(type).gguf" }

    /// `[24, vocabulary]`.
    func goldenLogits() throws -> [Float] {
      try Fixtures.bytes("quants/\(type).logits.f32").floats
    }
  }

  let tokens: [Int32]
  let shape: [Int]
  let types: [Kind]

  static func index() throws -> GoldenQuants {
    try Fixtures.json("quants/index.json")
  }

  /// Every format, none where the golden data is absent.
  static let types = (try? index().types) ?? []
}
