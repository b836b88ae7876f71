// Every stored format in a whole model, beside llama.cpp's own distance from exact.

import TestSupport
import Testing
import Transformer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence))
struct QuantisedModelTests {
  /// At most so much of llama.cpp's divergence.
  static let divergenceFactor = 1.05

  /// Formats that products read as float32 differ by rounding alone.
  static let exactError = 1e-6

  @Test("A format is as near to exact as llama.cpp", arguments: GoldenQuants.types)
  func distance(type: GoldenQuants.Kind) throws {
    let index = try GoldenQuants.index()
    let logits = try Session(Model.load(type.path)).evaluate(index.tokens, logits: .all)
    let golden = try type.goldenLogits()
    let width = index.shape[1]
    var divergence = 0.0
    for row in stride(from: 0, to: golden.count, by: width) {
      divergence += Self.divergence(golden[row..<row + width], logits[row..<row + width])
    }
    divergence /= Double(index.shape[0])
    let largest = zip(logits, golden).map { Double(abs($0 - $1)) }.max()!
    #expect(
      divergence <= Self.divergenceFactor * type.llamaCpp.klMean,
      "largest difference \(largest), llama.cpp's \(type.llamaCpp.maxAbsLogitDiff)")
    #expect(largest <= 2 * type.llamaCpp.maxAbsLogitDiff)
  }

  @Test("The exact mode is exact", arguments: GoldenQuants.types)
  func exactMode(type: GoldenQuants.Kind) throws {
    var options = ModelOptions()
    options.exact = true
    let logits = try Session(Model.load(type.path, options: options))
      .evaluate(GoldenQuants.index().tokens, logits: .all)
    #expect(try logits.normalisedSquaredError(from: type.goldenLogits()) <= Self.exactError)
  }

  /// The Kullback-Leibler divergence of two rows of logits, in nats.
  private static func divergence(_ exact: ArraySlice<Float>, _ found: ArraySlice<Float>) -> Double {
    func logSumExp(_ row: ArraySlice<Float>) -> Double {
      let largest = Double(row.max()!)
      return largest + log(row.reduce(0.0) { $0 + exp(Double($1) - largest) })
    }
    let (p, q) = (logSumExp(exact), logSumExp(found))
    return zip(exact, found).reduce(0.0) { sum, pair in
      let logP = Double(pair.0) - p
      return sum + exp(logP) * (logP - (Double(pair.1) - q))
    }
  }
}
