// Every family against exact logits of tiny models.

import TestSupport
import Testing
import Transformer

@Suite struct ArchitectureTests {
  /// Normalised squared error with a float32 cache, as the golden files' README suggests.
  static let tolerance = 1e-6

  /// With a cache in half precision, which alone costs 1e-6 to 2e-6.
  static let halfCacheTolerance = 5e-6

  /// With a cache of bytes, whose rounding to 1/254 of the largest of 32 values gave up to 1.6e-4.
  static let byteCacheTolerance = 5e-4

  @Test("Logits are those of the reference", arguments: TinyModel.all + TinyModel.kin)
  func logits(model: TinyModel) throws { try compare(model) }

  @Test(
    "Families that share a recipe have the reference's logits too",
    .enabled(if: Fixtures.isPresent, Fixtures.absence), arguments: TinyModel.others)
  func logitsOfOthers(model: TinyModel) throws { try compare(model) }

  private func compare(_ model: TinyModel) throws {
    let description = try model.description()
    let golden = try model.goldenLogits()
    for exact in [false, true] {
      let logits = try Session(model.load(.F32, exact: exact)).evaluate(
        description.tokens, logits: .all)
      #expect(logits.count == description.shape[0] * description.shape[1])
      #expect(logits.normalisedSquaredError(from: golden) <= Self.tolerance)
    }
    for (format, tolerance) in [
      (KeyValueFormat.F16, Self.halfCacheTolerance), (.Q8_0, Self.byteCacheTolerance),
    ] {
      let logits = try Session(model.load(format)).evaluate(description.tokens, logits: .all)
      #expect(
        try error(of: logits, from: golden, model) <= tolerance * model.sensitivity, "\(format)")
    }
  }

  /// The error of all logits, or, where a router sends rows to experts, that of the better three quarters of
  /// rows at most: where it is nearly undecided, rounding sends a row to another expert, which is a step and
  /// no error that grows (phimoe: 5 rows of 24 with a cache of bytes).
  private func error(
    of logits: [Float], from golden: [Float], _ model: TinyModel
  ) throws -> Double {
    guard try model.hasExperts() else { return logits.normalisedSquaredError(from: golden) }
    let shape = try model.description().shape
    let errors = (0..<shape[0]).map { position in
      let row = position * shape[1]..<(position + 1) * shape[1]
      return Array(logits[row]).normalisedSquaredError(from: Array(golden[row]))
    }
    return errors.sorted()[errors.count * 3 / 4]
  }

  @Test("Every position's likeliest token is the reference's", arguments: TinyModel.all)
  func likeliestTokens(model: TinyModel) throws {
    let description = try model.description()
    let width = description.shape[1]
    let golden = try model.goldenLogits()
    let logits = try Session(model.load(.F32)).evaluate(description.tokens, logits: .all)
    for position in 0..<description.shape[0] {
      let row = position * width..<(position + 1) * width
      let best = row.max { golden[$0] < golden[$1] }
      #expect(row.max { logits[$0] < logits[$1] } == best)
    }
  }
}
