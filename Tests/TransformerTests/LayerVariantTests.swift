// What files say of layers that differ from one another: heads, windows, experts, what turns.

import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct LayerVariantTests {
  private static func numbers(_ values: [Int32]) -> GGUFContent {
    .list(.int32, values.map(GGUFValue.int32))
  }

  private static func bools(_ values: [Bool]) -> GGUFContent {
    .list(.bool, values.map(GGUFValue.bool))
  }

  @Test("Numbers of heads that layers cannot have are refused")
  func heads() throws {
    let model = TinyModel(name: "openelm")
    let heads = "openelm.attention.head_count"
    for (key, content, named) in [
      (heads, Self.numbers([2, 4]), heads), (heads, Self.numbers([2, 0, 6]), heads),
      (heads, Self.numbers([2, -4, 6]), heads), (heads, Self.numbers([2, 4, .max]), heads),
      (heads, Self.numbers([2, 4, 5]), "5 attention heads cannot share 2"),
      (heads, Self.numbers([2, 2, 6]), "blk.1.attn_qkv.weight"),
      (heads + "_kv", Self.numbers([1, 2, 0]), heads + "_kv"),
      (heads + "_kv", Self.numbers([1, 2, 7]), heads + "_kv"),
      ("openelm.feed_forward_length", Self.numbers([32, 48]), "openelm.feed_forward_length"),
    ] {
      let error = #expect(throws: (any Error).self) {
        try model.logits(ModelVariant(metadata: [key: content]))
      }
      #expect(error.map { "\($0)".contains(named) } == true, "\(error.map { "\($0)" } ?? "")")
    }
  }

  @Test("Where a file names no window, all layers see all and turn")
  func noWindow() throws {
    let model = TinyModel(name: "smallthinker")
    let key = "smallthinker.attention.sliding_window"
    let without = try model.logits(ModelVariant(removedKeys: [key]))
    #expect(
      try model.logits(ModelVariant(metadata: [key: .value(.uint32(0))])) == without)
    #expect(without.normalisedSquaredError(from: try model.goldenLogits()) > 1e-3)
    let other = "smallthinker.rope.freq_base_swa"
    let error = #expect(throws: ModelError.self) {
      try model.logits(ModelVariant(metadata: [other: .value(.float32(7))]))
    }
    #expect(error?.description.contains(other) == true)
  }

  @Test("Gemma 2 has windows of 4,096 positions where its file names none")
  func usualWindow() throws {
    let file = try TinyModel(name: "gemma2").file()
    let key = "gemma2.attention.sliding_window"
    func windows(_ variant: ModelVariant) throws -> [Int?] {
      try variant.withModel(of: file) { $0.decoder.blocks.memories.map(\.window) }
    }
    #expect(try windows(ModelVariant()) == [8, nil])
    #expect(try windows(ModelVariant(removedKeys: [key])) == [4_096, nil])
    #expect(try windows(ModelVariant(metadata: [key: .value(.uint32(0))])) == [nil, nil])
  }

  @Test(
    "A file that has to name a window is refused without one",
    arguments: ["gpt-oss", "gemma-embedding", "cohere2", "gemma3n"])
  func missingWindow(family: String) throws {
    let name = family == "gemma-embedding" ? "gemma-embedding-dense" : family
    let file = try TinyModel(name: name).file()
    let key = family + ".attention.sliding_window"
    for variant in [
      ModelVariant(removedKeys: [key]), ModelVariant(metadata: [key: .value(.uint32(0))]),
    ] {
      let error = #expect(throws: (any Error).self) {
        try variant.withModel(of: file) { _ in }
      }
      #expect(error.map { "\($0)".contains(key) } == true)
    }
  }

  @Test("A truth value holds for all layers")
  func oneTruthForAll() throws {
    let model = TinyModel(name: "granite_swa")
    for key in ["attention.sliding_window_pattern", "attention.rope_pattern"] {
      let key = "granite_swa." + key
      for value in [false, true] {
        let all = Self.bools([value, value, value, value])
        #expect(
          try model.logits(ModelVariant(metadata: [key: .value(.bool(value))]))
            == model.logits(ModelVariant(metadata: [key: all])))
      }
    }
  }

  @Test("MiniCPM's older files lack the factors, which are then those of its first models")
  func usualFactors() throws {
    let model = TinyModel(name: "granite")
    var variant = try model.renamed(to: "minicpm")
    // Of its 2 layers, each 64 wide.
    let factors: [String: Float] = [
      "embedding_scale": 12, "residual_scale": 1.4 / Float(2).squareRoot(), "logit_scale": 0.25,
    ]
    for (key, factor) in factors { variant.metadata["minicpm." + key] = .value(.float32(factor)) }
    let named = try model.logits(variant)
    for key in factors.keys { variant.metadata["minicpm." + key] = nil }
    #expect(try model.logits(variant) == named)
    variant.metadata["minicpm.logit_scale"] = .value(.float32(0.5))
    #expect(try model.logits(variant) != named)
    let error = #expect(throws: ModelError.self) {
      try model.logits(ModelVariant(removedKeys: ["granite.logit_scale"]))
    }
    #expect(error?.description.contains("granite.logit_scale") == true)
  }

  @Test("Layers turn and see windows as the file says, and factors are 1 where it says nothing")
  func windowsAndTurns() throws {
    let model = TinyModel(name: "granite_swa")
    let usual = try model.logits(ModelVariant())
    for key in ["attention.sliding_window_pattern", "attention.rope_pattern"] {
      let logits = try model.logits(
        ModelVariant(metadata: ["granite_swa." + key: Self.bools([false, true, true, true])]))
      #expect(logits.normalisedSquaredError(from: usual) > 1e-6)
    }
    for factor in ["residual_scale", "embedding_scale"].map({ "granite_swa." + $0 }) {
      #expect(
        try model.logits(ModelVariant(removedKeys: [factor]))
          == model.logits(ModelVariant(metadata: [factor: .value(.float32(1))])))
    }
    for key in [
      "attention.sliding_window", "attention.sliding_window_pattern", "logit_scale",
    ].map({ "granite_swa." + $0 }) {
      let error = #expect(throws: (any Error).self) {
        try model.logits(ModelVariant(removedKeys: [key]))
      }
      #expect(error.map { "\($0)".contains(key) } == true)
    }
  }

  @Test("The expert of all rows may have gate and up in one tensor, or each in its own")
  func fusedSharedExpert() throws {
    let model = TinyModel(name: "granite_swa")
    let file = try model.file()
    let names = (0..<4).map { "blk.\($0).ffn_up_shexp.weight" }
    var variant = ModelVariant(removed: Set(names))
    for (layer, name) in names.enumerated() {
      let rows = try file.floats(name)
      let half = rows.count / 2
      variant.added["blk.\(layer).ffn_gate_shexp.weight"] = ([32, 32], Array(rows[..<half]))
      variant.added[name] = ([32, 32], Array(rows[half...]))
    }
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test("A file whose positions have the parts that pictures need is refused")
  func picturePositions() throws {
    let key = "glm4.rope.dimension_sections"
    let error = #expect(throws: ModelError.self) {
      try TinyModel(name: "glm4").logits(
        ModelVariant(metadata: [key: Self.numbers([4, 2, 2, 0])]))
    }
    #expect(error?.code == .unsupported)
    #expect(error?.description.contains(key) == true)
  }
}
