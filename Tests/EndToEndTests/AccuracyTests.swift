// How far the real models are from exact mathematics, beside llama.cpp's own distance.

import Foundation
import TestSupport
import Testing
import Transformer

@Suite(
  .serialized, .enabled(if: Fixtures.isPresent, Fixtures.absence),
  .enabled(if: RealModel.arePresent, RealModel.absence))
struct AccuracyTests {
  /// What is asked, from llama.cpp's figures: at most 5 % more divergence, half a point less
  /// agreement, a perplexity within 1 % of exact.
  static let divergenceFactor = 1.05
  static let agreementMargin = 0.005
  static let perplexityMargin = 0.01
  /// The exact mode differs from the golden files by the rounding of float32.
  static let exactDivergence = 1e-8

  @Test(arguments: RealModel.all)
  func `a real model is as near to exact as llama.cpp`(_ model: RealModel) async throws {
    let golden = try GoldenModel.load(model.golden)
    let (fast, exact) = try await reports(model, golden)
    let reference = golden.llamaCppFast
    #expect(exact.kl20Mean < Self.exactDivergence)
    #expect(fast.kl20Mean <= Self.divergenceFactor * reference.kl20Mean)
    #expect(fast.klMean <= Self.divergenceFactor * reference.klMean)
    #expect(fast.top1Agreement >= reference.top1Agreement - Self.agreementMargin)
    let long = try #require(golden.prompts.first { $0.name == "long" })
    #expect(abs(fast.perplexity(long.name) / long.perplexity - 1) <= Self.perplexityMargin)
    #expect(
      fast.greedyEqualCount
        >= golden.prompts.reduce(0) { $0 + $1.llamaCpp.greedyEqualPrefix })
  }

  @Test(arguments: RealModel.all)
  func `the program's perplexity is within one percent of exact`(_ model: RealModel) async throws {
    let golden = try GoldenModel.load(model.golden)
    let long = try #require(golden.prompts.first { $0.name == "long" })
    let outcome = try await Program.apus(
      "perplexity", model.name, "-f", "-", "--context", "1024", input: long.text)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let words = outcome.text.split(separator: " ")
    let found = try #require(words.count > 1 ? Double(words[1]) : nil)
    #expect(abs(found / long.perplexity - 1) <= Self.perplexityMargin)
  }

  /// The figures of the fast and of the exact mode, which run side by side in slices, so that the
  /// whole vocabulary of a position is compared and then forgotten.
  private func reports(
    _ model: RealModel, _ golden: GoldenModel
  ) async throws -> (fast: AccuracyReport, exact: AccuracyReport) {
    try await onThread(stackBytes: 8 << 20) { Result { try compare(model, golden) } }.get()
  }

  private func compare(
    _ model: RealModel, _ golden: GoldenModel
  ) throws -> (fast: AccuracyReport, exact: AccuracyReport) {
    var options = ModelOptions()
    options.contextLength = 1024
    let fast = try Session(Model.load(model.path, options: options))
    options.exact = true
    let exact = try Session(Model.load(model.path, options: options))
    var (fastReport, exactReport) = (AccuracyReport(), AccuracyReport())
    for prompt in golden.prompts {
      fast.reset()
      exact.reset()
      let tokens = prompt.tokens + prompt.greedy.dropLast()
      for first in stride(from: 0, to: tokens.count, by: 64) {
        let slice = Array(tokens[first..<min(first + 64, tokens.count)])
        var exactRows: [[Float]] = []
        try exact.evaluate(slice, logits: .all) { exactRows.append($0) }
        var index = 0
        try fast.evaluate(slice, logits: .all) { row in
          exactReport.add(exactRows[index], at: first + index, of: prompt)
          fastReport.add(row, at: first + index, of: prompt, exact: exactRows[index])
          index += 1
        }
      }
    }
    return (fastReport, exactReport)
  }
}
