// What files of families with several residual streams may say beside what the golden model does.

import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct StreamVariantTests {
  private let model = TinyModel(name: "gemma3n")

  private static func numbers(_ values: [Float]) -> GGUFContent {
    .list(.float32, values.map(GGUFValue.float32))
  }

  @Test("A file names what it was trained with, as converters do")
  func namedDefaults() throws {
    let cuts = (0..<22).map { $0 < 10 ? Float(1.644_853_6) : -.infinity }
    let metadata: [String: GGUFContent] = [
      "gemma3n.activation_sparsity_scale": Self.numbers(cuts),
      "gemma3n.attention.shared_kv_layers": .value(.uint32(2)),
      "gemma3n.altup.num_inputs": .value(.uint32(4)),
      "gemma3n.altup.active_idx": .value(.uint32(0)),
      "gemma3n.embedding_length_per_layer_input": .value(.uint32(256)),
      "gemma3n.rope.freq_base_swa": .value(.float32(10_000)),
    ]
    #expect(
      try model.logits(ModelVariant(metadata: metadata)) == model.logits(ModelVariant()))
  }

  @Test("Each layer cuts where the file says")
  func cuts() throws {
    let key = "gemma3n.activation_sparsity_scale"
    func logits(_ cuts: [Float]) throws -> [Float] {
      try model.logits(ModelVariant(metadata: [key: Self.numbers(cuts)]))
    }
    let plain = try model.logits(ModelVariant())
    let none = try logits([Float](repeating: -.infinity, count: 22))
    #expect(none.normalisedSquaredError(from: plain) > 1e-3)
    for wrong in [
      [Float](repeating: .infinity, count: 22), [Float](repeating: .nan, count: 22), [1, 2],
    ] {
      let error = #expect(throws: (any Error).self) { try logits(wrong) }
      #expect("\(error!)".contains(key))
    }
  }

  @Test("Layers that see another's keys and values may have some, apart or with queries, or none")
  func sharedLayers() throws {
    let file = try model.file()
    let parts = ["q", "k", "v"].map { "blk.20.attn_\($0).weight" }
    let plain = try model.logits(ModelVariant())
    let without = ModelVariant(removed: Set(parts.dropFirst() + ["blk.20.attn_k_norm.weight"]))
    #expect(try model.logits(without) == plain)
    let values = try parts.flatMap { try file.floats($0) }
    let fused = ModelVariant(
      added: ["blk.20.attn_qkv.weight": ([16, values.count / 16], values)], removed: Set(parts))
    #expect(try model.logits(fused) == plain)
  }

  @Test("Numbers that no model of the family has are refused by their keys")
  func numbers() throws {
    for (key, value) in [
      ("altup.num_inputs", 1), ("altup.num_inputs", 9), ("altup.active_idx", 1),
      ("embedding_length_per_layer_input", 0), ("attention.shared_kv_layers", 22),
      ("attention.shared_kv_layers", 18), ("attention.sliding_window", 0),
    ] as [(String, UInt32)] {
      let error = #expect(throws: ModelError.self) {
        try model.logits(ModelVariant(metadata: ["gemma3n." + key: .value(.uint32(value))]))
      }
      #expect(error?.description.contains(key) == true)
    }
  }
}
