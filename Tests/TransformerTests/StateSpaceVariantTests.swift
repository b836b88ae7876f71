// What files of families with state spaces may say beside what the golden models do.

import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct StateSpaceVariantTests {
  /// Between two ways of the same sums.
  private static let tolerance = 1e-9

  @Test("The norm of one group has its number or not")
  func oneGroup() throws {
    let model = TinyModel(name: "mamba2")
    let file = try model.file()
    /// Rows of all but the second group's, `columns` values each.
    func rest(_ name: String, before: Int, columns: Int) throws -> [Float] {
      let values = try file.floats(name)
      let group = 16 * columns
      let first = before * columns
      return Array(values[..<(first + group)])
        + Array(values[(first + 2 * group)..<(first + 3 * group)])
        + Array(values[(first + 4 * group)...])
    }
    var variant = ModelVariant(metadata: ["mamba2.ssm.group_count": .value(.uint32(1))])
    for layer in 0..<2 {
      let name = "blk.\(layer).ssm_"
      variant.added[name + "in.weight"] = (
        [64, 296], try rest(name + "in.weight", before: 256, columns: 64)
      )
      variant.added[name + "conv1d.weight"] = (
        [4, 160], try rest(name + "conv1d.weight", before: 128, columns: 4)
      )
      variant.added[name + "conv1d.bias"] = (
        [160], try rest(name + "conv1d.bias", before: 128, columns: 1)
      )
    }
    func logits(normShape: [Int]) throws -> [Float] {
      for layer in 0..<2 {
        let name = "blk.\(layer).ssm_norm.weight"
        variant.added[name] = (normShape, try file.floats(name))
      }
      variant.removed = Set(variant.added.keys)
      return try model.logits(variant)
    }
    let flat = try logits(normShape: [128])
    #expect(try logits(normShape: [128, 1]) == flat)
    #expect(flat.allSatisfy { $0.isFinite })
    let error = #expect(throws: ModelError.self) { try logits(normShape: [64, 2]) }
    #expect(error?.code == .wrongShape)
  }

  @Test("Nothing turns where a file says that it was trained without")
  func positions() throws {
    let model = TinyModel(name: "granitehybrid-moe")
    func logits(_ turns: Bool, base: Float) throws -> [Float] {
      try model.logits(
        ModelVariant(
          metadata: [
            "granitehybrid.rope.scaling.finetuned": .value(.bool(turns)),
            "granitehybrid.rope.freq_base": .value(.float32(base)),
          ]))
    }
    let fixed = try logits(false, base: 10_000)
    #expect(fixed.normalisedSquaredError(from: try model.goldenLogits()) <= 1e-6)
    #expect(try logits(false, base: 100) == fixed)
    let turned = try logits(true, base: 10_000)
    #expect(turned.normalisedSquaredError(from: fixed) > 1e-9)
    #expect(try logits(true, base: 100) != turned)
  }

  @Test("A norm behind state spaces is taken where a file has it, and one before by either name")
  func norms() throws {
    let model = TinyModel(name: "falcon-h1")
    let file = try model.file()
    var variant = ModelVariant()
    for layer in 0..<2 {
      let name = "blk.\(layer).ffn_norm"
      variant.removed.insert(name)
      variant.added[name + ".weight"] = ([64], try file.floats(name))
    }
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
    variant.removed.insert("blk.1.ssm_norm.weight")
    let logits = try model.logits(variant)
    #expect(logits.normalisedSquaredError(from: try model.goldenLogits()) > 1e-3)
    #expect(logits.allSatisfy { $0.isFinite })
  }

  @Test("Layers with a router have experts, whose weights are the router's")
  func experts() throws {
    let model = TinyModel(name: "jamba")
    let file = try model.file()
    func variant(experts: Int) throws -> ModelVariant {
      var variant = ModelVariant(metadata: [
        "jamba.expert_count": .value(.uint32(UInt32(experts))),
        "jamba.expert_used_count": .value(.uint32(1)),
      ])
      for part in ["gate", "up", "down"] {
        let name = "blk.1.ffn_\(part)"
        variant.removed.insert(name + ".weight")
        // The router gives one expert of several the share of one.
        let factor: Float = part == "down" ? Float(experts) : 1
        let values = try file.floats(name + ".weight").map { factor * $0 }
        variant.added[name + "_exps.weight"] = (
          [64, 64, experts], (0..<experts).flatMap { _ in values }
        )
      }
      // All experts are alike, and so are their scores.
      variant.added["blk.1.ffn_gate_inp.weight"] = (
        [64, experts], [Float](repeating: 0, count: 64 * experts)
      )
      return variant
    }
    let golden = try model.logits(ModelVariant())
    for experts in [1, 2, 4] {
      let logits = try model.logits(variant(experts: experts))
      #expect(logits.normalisedSquaredError(from: golden) <= Self.tolerance)
    }
  }

  @Test("Layers of feed-forward alone may have lengths of their own, and not all layers are such")
  func feedForwardAlone() throws {
    let model = TinyModel(name: "nemotron_h")
    func numbers(_ values: [Int32]) -> GGUFContent { .list(.int32, values.map(GGUFValue.int32)) }
    let lengths = "nemotron_h.feed_forward_length"
    let heads = "nemotron_h.attention.head_count_kv"
    // A fourth layer that adds nothing.
    var variant = ModelVariant(
      metadata: [
        "nemotron_h.block_count": .value(.uint32(4)), lengths: numbers([0, 0, 96, 32]),
        heads: numbers([0, 2, 0, 0]),
      ])
    variant.added = [
      "blk.3.attn_norm.weight": ([64], [Float](repeating: 1, count: 64)),
      "blk.3.ffn_up.weight": ([64, 32], [Float](repeating: 1, count: 64 * 32)),
      "blk.3.ffn_down.weight": ([32, 64], [Float](repeating: 0, count: 32 * 64)),
    ]
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
    for (key, content) in [
      (lengths, .value(.uint32(96))), (lengths, numbers([96, 96, 96])),
      (lengths, numbers([0, 0, -1])), (lengths, numbers([0, 0, .max])),
      (lengths, numbers([0, 96])),
      (heads, numbers([0, 0, 0])), (heads, numbers([0, -2, 0])), (heads, numbers([0])),
    ] as [(String, GGUFContent)] {
      let error = #expect(throws: (any Error).self) {
        try model.logits(ModelVariant(metadata: [key: content]))
      }
      #expect(error.map { "\($0)".contains(key) } == true)
    }
  }

  @Test("Experts without gates have the length that the file names, or their part of a row's")
  func expertLengths() throws {
    let model = TinyModel(name: "nemotron_h_moe")
    let lengths: [Int32] = [0, 146, 0, 146]
    let variant = ModelVariant(
      metadata: [
        "nemotron_h_moe.feed_forward_length": .list(.int32, lengths.map(GGUFValue.int32))
      ],
      removedKeys: ["nemotron_h_moe.expert_feed_forward_length"])
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test("Numbers of layers that predict a token beyond the next may stand behind the others")
  func predictionLayers() throws {
    let model = TinyModel(name: "nemotron_h_moe")
    func numbers(_ values: [Int32]) -> GGUFContent { .list(.int32, values.map(GGUFValue.int32)) }
    let variant = ModelVariant(
      metadata: [
        "nemotron_h_moe.block_count": .value(.uint32(5)),
        "nemotron_h_moe.nextn_predict_layers": .value(.uint32(1)),
        "nemotron_h_moe.feed_forward_length": numbers([0, 48, 0, 48, 48]),
        "nemotron_h_moe.attention.head_count_kv": numbers([0, 0, 2, 0, 2]),
      ], added: ["blk.4.nextn.eh_proj.weight": ([2], [1, 2])])
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test("Experts that read shorter vectors need to know how short")
  func latents() throws {
    let model = TinyModel(name: "nemotron_h_moe-latent")
    let key = "nemotron_h_moe.moe_latent_size"
    for variant in [
      ModelVariant(removedKeys: [key]), ModelVariant(metadata: [key: .value(.uint32(0))]),
    ] {
      let error = #expect(throws: (any Error).self) { try model.logits(variant) }
      #expect("\(error!)".contains(key))
    }
    let error = #expect(throws: ModelError.self) {
      try model.logits(ModelVariant(removed: ["blk.1.ffn_latent_up.weight"]))
    }
    #expect(error?.code == .missingTensor)
  }

  @Test("Sizes that do not go together are refused by their keys")
  func sizes() throws {
    let model = TinyModel(name: "nemotron_h")
    for (key, value) in [
      ("ssm.state_size", 12), ("ssm.group_count", 3), ("ssm.time_step_rank", 6),
      ("ssm.inner_size", 132), ("ssm.conv_kernel", 1), ("ssm.conv_kernel", 65),
    ] as [(String, UInt32)] {
      let error = #expect(throws: ModelError.self) {
        try model.logits(ModelVariant(metadata: ["nemotron_h." + key: .value(.uint32(value))]))
      }
      #expect(error?.description.contains(key) == true)
    }
  }
}
