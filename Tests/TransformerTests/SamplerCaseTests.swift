// Each sampler beside llama.cpp's own on the same logits: figures in Tests/Fixtures/samplers, written
// by Benchmarks/sampler_cases.

import TestSupport
import Testing
import Tokenizer
import Transformer

/// What llama.cpp's samplers left of random logits.
private struct SamplerCases: Decodable {
  struct Case: Decodable {
    let seed: UInt64
    let options: Options
    let recent: [TokenID]
    /// The likeliest tokens with their logits, divided by the temperature.
    let left: [[Double]]
    let count: Int
  }

  struct Options: Decodable {
    let logitBias: [String: Float]?
    let repeatPenalty: Float?
    let frequencyPenalty: Float?
    let presencePenalty: Float?
    let repeatLastN: Int?
    let dryMultiplier: Float?
    let dryBase: Float?
    let dryAllowedLength: Int?
    let dryLastN: Int?
    let dryBreakers: [TokenID]?
    let topNSigma: Float?
    let topK: Int?
    let typicalP: Float?
    let topP: Float?
    let minP: Float?
    let xtcThreshold: Float?
    let temperature: Float?
    let temperatureRange: Float?
    let temperatureExponent: Float?

    var sampling: SamplingOptions {
      var options = SamplingOptions()
      for (id, bias) in logitBias ?? [:] { options.logitBias[TokenID(id) ?? -1] = bias }
      options.repeatPenalty = repeatPenalty ?? 1
      options.frequencyPenalty = frequencyPenalty ?? 0
      options.presencePenalty = presencePenalty ?? 0
      options.repeatLastN = repeatLastN ?? 64
      options.dryMultiplier = dryMultiplier ?? 0
      options.dryBase = dryBase ?? 1.75
      options.dryAllowedLength = dryAllowedLength ?? 2
      options.dryLastN = dryLastN ?? -1
      options.dryBreakers = Set(dryBreakers ?? [])
      options.topNSigma = topNSigma ?? 0
      options.topK = topK ?? 0
      options.typicalP = typicalP ?? 1
      options.topP = topP ?? 1
      options.minP = minP ?? 0
      options.xtcProbability = xtcThreshold == nil ? 0 : 1
      options.xtcThreshold = xtcThreshold ?? 0.1
      options.temperature = temperature ?? 1
      options.temperatureRange = temperatureRange ?? 0
      options.temperatureExponent = temperatureExponent ?? 1
      return options
    }
  }

  /// Choices of a sampler with a state.
  struct Chain: Decodable {
    struct Step: Decodable {
      let id: TokenID
      let left: Int
      let logit: Double
    }

    let kind: String
    let tau: Float?
    let eta: Float?
    let target: Float?
    let decay: Float?
    let seed: UInt64
    let steps: [Step]
  }

  let cases: [Case]
  let chains: [Chain]

  /// The logits that the script makes of a seed, by SplitMix64: `count` floats in -scale..<scale.
  static func logits(_ seed: UInt64, scale: Double = 3, count: Int = 300) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      value ^= value >> 31
      return Float((Double(value >> 40) / 0x1p24 * 2 - 1) * scale)
    }
  }

  static func candidates(_ logits: [Float]) -> [Candidate] { topCandidates(logits, count: 300) }
}

/// How far a logit may be from llama.cpp's, whose sums are of single precision, after rounding to
/// five places.
private let logitTolerance = 2e-4

@Suite struct SamplerCaseTests {
  @Test func `filters, penalties and temperature leave what llama-cpp leaves`() throws {
    let cases = try ProjectFixtures.json("samplers/cases.json", as: SamplerCases.self).cases
    #expect(cases.count > 100)
    for (index, item) in cases.enumerated() {
      let found = Sampler(item.options.sampling).candidates(
        SamplerCases.logits(item.seed), recent: item.recent, position: 0)
      let sorted = found.candidates.sorted { ($1.logit, $0.id) < ($0.logit, $1.id) }
      #expect(sorted.count == item.count, "case \(index): \(item.options)")
      for (ours, theirs) in zip(sorted, item.left) {
        let distance = abs(Double(ours.logit / found.temperature) - theirs[1])
        #expect(distance < logitTolerance, "case \(index): \(item.options)")
      }
      let ids = sorted.prefix(item.left.count).map(\.id)
      #expect(ids == item.left.map { TokenID($0[0]) }, "case \(index): \(item.options)")
    }
  }

  @Test func `mirostat keeps as many tokens as llama-cpp after the same choices`() throws {
    let chains = try ProjectFixtures.json("samplers/cases.json", as: SamplerCases.self).chains
    for chain in chains where chain.kind.hasPrefix("mirostat") {
      let version = try #require(MirostatVersion(rawValue: chain.kind == "mirostat1" ? 1 : 2))
      var state = Mirostat(
        version, tau: try #require(chain.tau), eta: try #require(chain.eta))
      for (step, expected) in chain.steps.enumerated() {
        let logits = SamplerCases.logits(chain.seed + UInt64(step), scale: 8)
        let left = state.narrowed(
          SamplerCases.candidates(logits), temperature: 1, vocabularyCount: logits.count)
        #expect(left.count == expected.left, "\(chain.kind), step \(step)")
        let place = try #require(left.firstIndex { $0.id == expected.id })
        state.note(probability: softmax(left)[place])
      }
    }
  }

  @Test func `adaptive-p gives tokens the logits that llama-cpp gives after the same choices`()
    throws
  {
    let chains = try ProjectFixtures.json("samplers/cases.json", as: SamplerCases.self).chains
    for chain in chains where chain.kind == "adaptive" {
      var state = AdaptiveP(
        target: try #require(chain.target), decay: try #require(chain.decay))
      for (step, expected) in chain.steps.enumerated() {
        let candidates = SamplerCases.candidates(
          SamplerCases.logits(chain.seed + UInt64(step), scale: 8))
        let probabilities = softmax(candidates)
        let reshaped = state.reshaped(candidates, probabilities)
        let place = try #require(reshaped.firstIndex { $0.id == expected.id })
        #expect(abs(Double(reshaped[place].logit) - expected.logit) < logitTolerance)
        state.note(probability: probabilities[place])
      }
    }
  }
}
