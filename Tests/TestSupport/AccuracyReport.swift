// How far logits are from exact ones, by the same figures as the golden files state for llama.cpp.

import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A golden file of `real/`: eight prompts with exact results, and llama.cpp's distance from them.
public struct GoldenModel: Decodable, Sendable {
  /// A text with the exact results for it.
  public struct Prompt: Decodable, Sendable {
    public struct Reference: Decodable, Sendable {
      /// Greedy tokens that agree with the exact ones before the first that does not.
      public let greedyEqualPrefix: Int
    }

    public let name: String
    public let text: String
    public let tokens: [Int32]
    /// The twenty likeliest tokens after each position, `[tokens, 20]`, likeliest first.
    public let topIds: [[Int]]
    /// Their natural log-probabilities, rounded to six decimals.
    public let topLogprobs: [[Double]]
    public let perplexity: Double
    /// The exact greedy continuation, 48 tokens.
    public let greedy: [Int32]
    /// llama.cpp's figures for this prompt.
    public let llamaCpp: Reference
  }

  public struct Reference: Decodable, Sendable {
    /// Kullback-Leibler divergence from exact over the vocabulary, in nats a position.
    public let klMean: Double
    /// The same over the exact top twenty and one bucket for the rest.
    public let kl20Mean: Double
    /// The share of positions whose likeliest token is the exact one.
    public let top1Agreement: Double
  }

  public let prompts: [Prompt]
  /// llama.cpp's figures for all prompts together.
  public let llamaCppFast: Reference

  /// Reads `real/NAME.json`.
  public static func load(_ name: String) throws -> GoldenModel {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      GoldenModel.self, from: Data(try Fixtures.bytes("real/\(name).json")))
  }
}

/// Adds up figures over positions. Give each prompt's rows in order: those of its tokens, then
/// those of its exact greedy continuation but the last.
public struct AccuracyReport: Sendable {
  /// Log-probabilities in the golden files are rounded to six decimals, so what they leave for all
  /// other tokens is known to half a millionth.
  private static let rounding = 5e-7

  public private(set) var positionCount = 0
  /// Tokens of greedy continuations that agree before the first that does not, of all prompts.
  public private(set) var greedyEqualCount = 0
  private var divergences20 = 0.0
  private var divergences = 0.0
  private var agreements = 0
  private var losses: [String: (sum: Double, count: Int)] = [:]
  private var broken: Set<String> = []

  public init() {}

  /// The mean divergence over the exact top twenty and one bucket for the rest, in nats.
  public var kl20Mean: Double { divergences20 / Double(positionCount) }
  /// The mean divergence over the vocabulary, from the rows that were given as exact.
  public var klMean: Double { divergences / Double(positionCount) }
  public var top1Agreement: Double { Double(agreements) / Double(positionCount) }

  /// The perplexity of a prompt's tokens but the first.
  public func perplexity(_ prompt: String) -> Double {
    guard let loss = losses[prompt] else { return .nan }
    return exp(loss.sum / Double(loss.count))
  }

  /// Takes the logits after position `index` of a prompt and its continuation, `[vocabulary]`, and
  /// those of an exact engine, if there are any.
  public mutating func add(
    _ logits: [Float], at index: Int, of prompt: GoldenModel.Prompt, exact: [Float]? = nil
  ) {
    let count = prompt.tokens.count
    if index >= count - 1 { addGreedy(logits, at: index - count + 1, of: prompt) }
    guard index < count else { return }
    let normalizer = Self.logSumExp(logits)
    positionCount += 1
    divergences20 += Self.topDivergence(
      prompt.topLogprobs[index], prompt.topIds[index].map { Double(logits[$0]) - normalizer })
    if Self.argmax(logits) == prompt.topIds[index].first { agreements += 1 }
    if index + 1 < count {
      var loss = losses[prompt.name] ?? (0, 0)
      loss.sum += normalizer - Double(logits[Int(prompt.tokens[index + 1])])
      loss.count += 1
      losses[prompt.name] = loss
    }
    if let exact { divergences += Self.divergence(exact, logits) }
  }

  private mutating func addGreedy(
    _ logits: [Float], at step: Int, of prompt: GoldenModel.Prompt
  ) {
    guard step < prompt.greedy.count, !broken.contains(prompt.name) else { return }
    if Self.argmax(logits) == Int(prompt.greedy[step]) {
      greedyEqualCount += 1
    } else {
      broken.insert(prompt.name)
    }
  }

  /// Each outcome counts as `p log(p/q) - p + q`, which is never negative and has the same sum. A
  /// rest that is not above the file's rounding is unknown and counts nothing.
  private static func topDivergence(_ exact: [Double], _ found: [Double]) -> Double {
    var total = 0.0
    var (restP, restQ) = (1.0, 1.0)
    for (logP, logQ) in zip(exact, found) {
      let (p, q) = (exp(logP), exp(logQ))
      total += p * (logP - logQ) - p + q
      restP -= p
      restQ -= q
    }
    if restP > rounding, restQ > 0 { total += restP * log(restP / restQ) - restP + restQ }
    return total
  }

  /// The Kullback-Leibler divergence of two rows over the whole vocabulary.
  private static func divergence(_ exact: [Float], _ found: [Float]) -> Double {
    let (exactNormalizer, normalizer) = (logSumExp(exact), logSumExp(found))
    var total = 0.0
    for (first, second) in zip(exact, found) {
      let logP = Double(first) - exactNormalizer
      total += exp(logP) * (logP - (Double(second) - normalizer))
    }
    return total
  }

  private static func logSumExp(_ logits: [Float]) -> Double {
    let greatest = Double(logits.max() ?? 0)
    var sum = 0.0
    for value in logits { sum += exp(Double(value) - greatest) }
    return greatest + log(sum)
  }

  private static func argmax(_ logits: [Float]) -> Int? {
    logits.indices.max { logits[$0] < logits[$1] }
  }
}
