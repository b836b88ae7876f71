// What a file may say beside what the golden models do, told by what it makes of their logits.

import Foundation
import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct VariantTests {
  /// Between two ways of the same sums.
  private static let tolerance = 1e-9

  private static func bools(_ values: [Bool]) -> GGUFContent {
    .list(.bool, values.map(GGUFValue.bool))
  }

  @Test("A bias of the head is added")
  func headBias() throws {
    let model = TinyModel(name: "qwen2")
    let width = try model.description().shape[1]
    let bias = (0..<width).map { Float($0 % 7) - 3 }
    let logits = try model.logits(ModelVariant(added: ["output.bias": ([width], bias)]))
    let expected = try model.logits(ModelVariant()).enumerated().map { $1 + bias[$0 % width] }
    #expect(logits.normalisedSquaredError(from: expected) <= Self.tolerance)
  }

  @Test("Logits are capped where the file says so")
  func softCap() throws {
    let model = TinyModel(name: "gemma3")
    let logits = try model.logits(
      ModelVariant(metadata: ["gemma3.final_logit_softcapping": .value(.float32(2))]))
    let expected = try model.logits(ModelVariant()).map { 2 * tanh($0 / 2) }
    #expect(logits.normalisedSquaredError(from: expected) <= Self.tolerance)
  }

  @Test("A file names the layers that see all", arguments: ["cohere2", "gemma3"])
  func windowPatterns(name: String) throws {
    let model = TinyModel(name: name)
    let key = name + ".attention.sliding_window_pattern"
    func logits(_ pattern: GGUFContent) throws -> [Float] {
      try model.logits(ModelVariant(metadata: [key: pattern]))
    }
    let golden = try model.goldenLogits()
    let count = name == "cohere2" ? 4 : 6
    let usual = try logits(Self.bools((1...count).map { $0 != count }))
    #expect(usual.normalisedSquaredError(from: golden) <= 1e-6)
    let every2 = try logits(.value(.uint32(2)))
    #expect(try every2 == logits(Self.bools((1...count).map { $0 % 2 != 0 })))
    #expect(every2.normalisedSquaredError(from: golden) > 1e-3)
    let none = try logits(.value(.uint32(0)))
    #expect(try none == logits(Self.bools(Array(repeating: true, count: count))))
  }

  @Test("A file whose layers all have experts may name no other length")
  func expertsAlone() throws {
    let model = TinyModel(name: "qwen3next")
    let logits = try model.logits(ModelVariant(removedKeys: ["qwen3next.feed_forward_length"]))
    #expect(logits.normalisedSquaredError(from: try model.goldenLogits()) <= 1e-6)
  }

  @Test("A file names the layers that do not attend, those beyond the text's among them or not")
  func recurrentLayers() throws {
    let model = TinyModel(name: "qwen35")
    let interval: [String: GGUFContent] = ["qwen35.full_attention_interval": .value(.uint32(1))]
    let key = "qwen35.attention.recurrent_layers"
    for layers in [[true, false], [true, false, false]] {
      var metadata = interval
      metadata[key] = Self.bools(layers)
      if layers.count > 2 {
        metadata["qwen35.block_count"] = .value(.uint32(3))
        metadata["qwen35.nextn_predict_layers"] = .value(.uint32(1))
      }
      let logits = try model.logits(ModelVariant(metadata: metadata))
      #expect(logits.normalisedSquaredError(from: try model.goldenLogits()) <= 1e-6)
    }
    let error = #expect(throws: ModelError.self) {
      try model.logits(ModelVariant(metadata: interval))
    }
    #expect(error?.code == .missingTensor)
  }

  @Test("A window of 0 is none")
  func windowOfNothing() throws {
    let model = TinyModel(name: "gemma3")
    let key = "gemma3.attention.sliding_window"
    let pattern = Self.bools(Array(repeating: false, count: 6))
    let logits = try model.logits(ModelVariant(metadata: [key: .value(.uint32(0))]))
    #expect(
      try logits == model.logits(ModelVariant(metadata: [key + "_pattern": pattern])))
  }

  @Test("Attention between convolutions sees the window that the file names")
  func windowBetweenConvolutions() throws {
    let model = TinyModel(name: "lfm2")
    let logits = try model.logits(
      ModelVariant(metadata: ["lfm2.attention.sliding_window": .value(.uint32(6))]))
    let all = try model.logits(ModelVariant())
    let width = try model.description().shape[1]
    #expect(logits.prefix(6 * width) == all.prefix(6 * width))
    #expect(
      Array(logits.suffix(width)).normalisedSquaredError(from: Array(all.suffix(width))) > 1e-6)
  }

  @Test("A factor on what turns holds for every kind of scaling", arguments: ["linear", "yarn"])
  func attentionFactor(kind: String) throws {
    let model = TinyModel(name: "llama-" + kind)
    let key = "llama.rope.scaling.attn_factor"
    let logits = try model.logits(ModelVariant(metadata: [key: .value(.float32(1.5))]))
    // Queries and keys are both turned, by heads of 16.
    let scale = GGUFContent.value(.float32(1.5 * 1.5 / 4))
    let expected = try model.logits(ModelVariant(metadata: ["llama.attention.scale": scale]))
    #expect(logits.normalisedSquaredError(from: expected) <= Self.tolerance)
  }

  @Test("The factor that OLMo's files name for what turns is all of YaRN's")
  func wholeAttentionFactor() throws {
    let model = TinyModel(name: "olmo2-swa")
    let prefix = "olmo2.rope.scaling."
    let yarn: [String: GGUFContent] = [
      prefix + "type": .value(.string("yarn")), prefix + "factor": .value(.float32(8)),
      prefix + "original_context_length": .value(.uint32(32)),
    ]
    func logits(_ factor: Float?) throws -> [Float] {
      var metadata = yarn
      if let factor { metadata[prefix + "attn_factor"] = .value(.float32(factor)) }
      return try model.logits(ModelVariant(metadata: metadata))
    }
    let usual = try logits(nil)
    let named = try logits(Float(1 + 0.1 * log(8.0)))
    #expect(named.normalisedSquaredError(from: usual) <= Self.tolerance)
    #expect(try logits(1).normalisedSquaredError(from: usual) > 1e-6)
  }

  @Test("A factor of 0 scales nothing")
  func factorOfNothing() throws {
    let model = TinyModel(name: "llama")
    let key = "llama.rope.scaling.factor"
    let logits = try model.logits(ModelVariant(metadata: [key: .value(.float32(0))]))
    #expect(try logits == model.logits(ModelVariant()))
  }

  @Test("A model that sees what follows is refused")
  func attentionBothWays() throws {
    let model = TinyModel(name: "llama")
    let error = #expect(throws: ModelError.self) {
      try model.logits(ModelVariant(metadata: ["llama.attention.causal": .value(.bool(false))]))
    }
    #expect(error?.code == .unsupported)
    #expect("\(error!)".contains("llama.attention.causal"))
  }

  @Test(
    "A family goes by more than one name",
    arguments: [
      ("qwen2", "qwen2vl"), ("qwen3", "qwen3vl"), ("qwen3moe", "qwen3vlmoe"),
      ("starcoder2", "codeshell"), ("gpt2", "starcoder"),
    ])
  func names(name: String, other: String) throws {
    let model = TinyModel(name: name)
    #expect(try model.logits(model.renamed(to: other)) == model.logits(ModelVariant()))
  }

  @Test(
    "A family's norm is its own whichever epsilon a file names",
    arguments: [
      ("starcoder2", "layer_norm_epsilon", "layer_norm_rms_epsilon"),
      ("nemotron_h", "layer_norm_rms_epsilon", "layer_norm_epsilon"),
    ])
  func norms(name: String, own: String, other: String) throws {
    let model = TinyModel(name: name)
    let (ownKey, otherKey) = ("\(name).attention.\(own)", "\(name).attention.\(other)")
    let epsilon = GGUFContent.value(try #require(try model.file().metadata[ownKey]))
    let golden = try model.logits(ModelVariant())
    let both = ModelVariant(metadata: [otherKey: .value(.float32(0.5))])
    #expect(try model.logits(both) == golden)
    let alone = ModelVariant(metadata: [otherKey: epsilon], removedKeys: [ownKey])
    #expect(try model.logits(alone) == golden)
  }

  @Test("CodeShell's embeddings are its head")
  func headForEmbeddings() throws {
    let model = TinyModel(name: "starcoder2")
    let table = try model.file().floats("token_embd.weight")
    let shape = try #require(model.file().tensor(named: "token_embd.weight")).shape
    var variant = try model.renamed(to: "codeshell")
    variant.removed.formUnion(["token_embd.weight", "output.weight"])
    variant.added["output.weight"] = (shape, table)
    let tied = try model.logits(variant)
    var both = try model.renamed(to: "codeshell")
    both.removed.insert("output.weight")
    #expect(try tied == model.logits(both))
    var incomplete = ModelVariant(removed: ["token_embd.weight", "output.weight"])
    incomplete.added["output.weight"] = (shape, table)
    #expect(throws: ModelError.self) { try model.logits(incomplete) }
  }

  @Test("A context is no longer than the positions that a model has learned")
  func learnedPositions() throws {
    let model = TinyModel(name: "gpt2")
    #expect(try model.load(.F16, contextLength: 257).contextLength == 256)
    #expect(try model.load(.F16, contextLength: 255).contextLength == 255)
    let model256 = try model.load(.F16)
    for attempt: () throws -> Void in [
      { _ = try Session(model256, contextLength: 257) },
      { _ = try BatchSession(model256, sequences: 1, contextLength: 257) },
    ] {
      let error = #expect(throws: ModelError.self) { try attempt() }
      #expect(error?.code == .badOption)
    }
    // Where distance tells enough, none are learned.
    let none = try TinyModel(name: "mpt").logits(ModelVariant(removed: ["position_embd.weight"]))
    #expect(try none.normalisedSquaredError(from: TinyModel(name: "mpt").goldenLogits()) > 1e-3)
  }

  @Test(
    "Queries and keys may be normed, those of all heads together or each head's by its own weights",
    arguments: [("mpt", [64], [64]), ("command-r", [16, 4], [16, 2])])
  func headNorms(name: String, query: [Int], key: [Int]) throws {
    let model = TinyModel(name: name)
    func logits(_ queryScale: Float, _ keyScale: Float) throws -> [Float] {
      var variant = ModelVariant()
      for layer in 0..<(try model.file().metadata.requiredInt(name + ".block_count")) {
        for (part, shape, scale) in [("q", query, queryScale), ("k", key, keyScale)] {
          let values = (0..<shape.reduce(1, *)).map { scale * Float(1 + $0 % 3) }
          variant.added["blk.\(layer).attn_\(part)_norm.weight"] = (shape, values)
        }
      }
      return try model.logits(variant)
    }
    // What a score is made of may be larger on one side as the other is smaller.
    let normed = try logits(1, 1)
    #expect(try logits(4, 0.25) == normed)
    #expect(try normed.normalisedSquaredError(from: model.goldenLogits()) > 1e-3)
    #expect(try normed.normalisedSquaredError(from: logits(2, 1)) > 1e-3)
  }
}
