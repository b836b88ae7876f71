// The tiny models of the fixtures: files, golden logits, and sessions on them.

import Foundation
import TensorCore
import TestSupport
import Testing
import Transformer

/// A tiny model with random weights and the exact logits of 24 tokens.
struct TinyModel: Sendable, CustomTestStringConvertible {
  let name: String
  /// The folder of its files.
  var folder = ProjectFixtures.root + "/architectures"

  /// One for each way of the supported families.
  static let all = [
    "llama", "llama-yarn", "llama-linear", "llama-tied-bias", "qwen2", "qwen3", "gemma", "gemma2",
    "gemma3", "mistral3", "smollm3", "phi3-long", "granite", "olmo2-swa", "glm4", "exaone4",
    "command-r", "cohere2", "lfm2", "mamba", "qwen3moe", "granitemoe", "gpt-oss", "qwen2moe",
    "bailingmoe2", "phimoe", "hunyuan-dense", "starcoder2", "falcon-40b", "apertus",
    "gemma3n", "gemma4", "gemma4-moe", "deepseek2", "qwen35", "qwen3next", "mamba2",
    "granitehybrid-moe", "nemotron_h", "falcon-h1", "jamba", "llama4", "plamo3-swa",
    "nemotron_h_moe", "nemotron_h_moe-latent", "minicpm3", "exaone-moe", "baichuan-13b",
    "smallthinker", "openelm", "granite_swa",
    "mellum", "gpt2", "mpt", "olmo", "stablelm-12b",
  ].map { TinyModel(name: $0) }

  /// More of the same families, among the golden data beside the project.
  static let others = [
    "internlm2", "ernie4_5", "exaone", "seed_oss", "phi3", "minicpm", "olmo2", "chatglm",
    "llama-moe", "olmoe", "qwen", "ernie4_5-moe", "glm4moe", "hunyuan-moe", "lfm2moe", "arcee",
    "nemotron", "stablelm", "phi2", "falcon", "gptneox", "gptneox-seq", "deepseek2-lite",
    "qwen35moe", "granitehybrid", "bloom", "plamo3",
  ].map { TinyModel(name: $0, folder: Fixtures.root + "/architectures") }

  /// More of the same families, which nothing but their names and a few numbers tells from the
  /// first.
  static let kin = [
    "xverse", "deepseek", "bailingmoe", "orion", "qwen2vl", "qwen3vl", "qwen3vlmoe", "dots1",
    "maincoder", "pangu-embedded",
    "baichuan",
  ].map { TinyModel(name: $0) }

  /// Models that turn texts into vectors.
  static let encoders = [
    "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "modern-bert", "gemma-embedding-dense",
  ].map { TinyModel(name: $0) }

  /// One more, among the golden data beside the project.
  static let otherEncoders = [
    TinyModel(name: "gemma-embedding", folder: Fixtures.root + "/architectures")
  ]

  var testDescription: String { name }

  /// What `NAME.json` says.
  struct Description: Decodable {
    let tokens: [Int32]
    let shape: [Int]
  }

  func description() throws -> Description {
    try JSONDecoder().decode(
      Description.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json")))
  }

  /// How much more than in other models the rounding of what is kept changes logits.
  var sensitivity: Double {
    switch name {
    // Scores are not scaled. The reference's own logits of this model change by 9e-5 with a cache in half
    // precision, and by 2.8e-4 where GELU is looked up in it, those of others by 1e-6.
    case "gemma4": 100
    // Nor are they here, in 22 layers: 3.7e-4 with a cache in half precision, 8.8e-2 with one of
    // bytes. With float32 it is 2.3e-9.
    case "gemma3n": 200
    // 26 layers: the reference's change by 3e-6 or 1.2e-5, as it computes attention.
    case "deepseek2-lite": 10
    // One rounded vector is in the keys and values of all heads.
    case "deepseek2": 2
    default: 1
    }
  }

  /// Whether a router sends each row to some experts.
  func hasExperts() throws -> Bool {
    let file = try GGUFFile(path: "\(folder)/\(name).gguf")
    return file.tensors.contains { $0.name.hasSuffix("ffn_gate_inp.weight") }
  }

  /// `[24, vocabulary]`.
  func goldenLogits() throws -> [Float] { try golden("logits") }

  /// What `NAME.part.f32` holds: of encoders the hidden states, `embd` `[24, embedding]`, and the
  /// vector, `pooled` `[embedding]`, whose length is not 1.
  func golden(_ part: String) throws -> [Float] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).\(part).f32"))).floats
  }

  func load(
    _ format: KeyValueFormat, threads: Int = 1, exact: Bool = false, contextLength: Int? = nil
  ) throws -> Model {
    var options = ModelOptions()
    options.threadCount = threads
    options.keyValueFormat = format
    options.exact = exact
    options.contextLength = contextLength
    return try Model.load("\(folder)/\(name).gguf", options: options)
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
