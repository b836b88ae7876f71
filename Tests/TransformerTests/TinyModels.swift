// The tiny models of the fixtures: files, golden logits, and sessions on them.

import TestSupport
import Testing
import Transformer

/// A tiny model with random weights and the exact logits of 24 tokens.
struct TinyModel: Sendable, CustomTestStringConvertible {
  let name: String

  /// One for each way of the supported families.
  static let all = [
    "llama", "llama-yarn", "llama-linear", "llama-tied-bias", "qwen2", "gemma3", "cohere2", "lfm2",
    "mamba",
  ].map { TinyModel(name: $0) }

  var testDescription: String { name }

  /// What `NAME.json` says.
  struct Description: Decodable {
    let tokens: [Int32]
    let shape: [Int]
  }

  func description() throws -> Description {
    try ProjectFixtures.json("architectures/\(name).json")
  }

  /// `[24, vocabulary]`.
  func goldenLogits() throws -> [Float] {
    try ProjectFixtures.bytes("architectures/\(name).logits.f32").floats
  }

  func load(
    _ format: KeyValueFormat, threads: Int = 1, exact: Bool = false, contextLength: Int? = nil
  ) throws -> Model {
    var options = ModelOptions()
    options.threadCount = threads
    options.keyValueFormat = format
    options.exact = exact
    options.contextLength = contextLength
    return try Model.load(
      ProjectFixtures.root + "/architectures/\(name).gguf", options: options)
  }

  /// `count` tokens of the vocabulary.
  func tokens(_ count: Int, seed: UInt64) throws -> [Int32] {
    let vocabulary = try description().shape[1]
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
  }
}

extension Session {
  /// The bits of all logits of `tokens`, evaluated in slices of the given sizes.
  func logitBits(_ tokens: [Int32], in slices: [Int]) throws -> [UInt32] {
    var first = 0
    return try slices.flatMap { count in
      defer { first += count }
      return try evaluate(Array(tokens[first..<first + count]), logits: .all).bits
    }
  }
}

/// Sizes of slices that `count` tokens are cut into.
func randomCuts(_ count: Int, largest: Int, _ random: inout SeededGenerator) -> [Int] {
  var cuts: [Int] = []
  var left = count
  while left > 0 {
    cuts.append(min(left, Int.random(in: 1...largest, using: &random)))
    left -= cuts.last!
  }
  return cuts
}
