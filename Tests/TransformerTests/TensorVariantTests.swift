// Tensors that lie in a file in another way, have factors beside them, or belong to no layer.

import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct TensorVariantTests {
  @Test("Query, key and value may lie in one tensor", arguments: ["llama", "qwen2", "gemma3"])
  func fusedInputs(name: String) throws {
    let model = TinyModel(name: name)
    let file = try model.file()
    var variant = ModelVariant()
    for kind in ["weight", "bias"] {
      let parts = ["q", "k", "v"].map { "blk.0.attn_\($0).\(kind)" }
      guard let first = file.tensor(named: parts[0]) else { continue }
      let values = try parts.flatMap { try file.floats($0) }
      let columns = first.shape.count == 2 ? [first.shape[0]] : []
      variant.removed.formUnion(parts)
      variant.added["blk.0.attn_qkv." + kind] = (
        columns + [values.count / (columns.first ?? 1)], values
      )
    }
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test("A factor beside a matrix is on all its weights")
  func matrixScale() throws {
    let model = TinyModel(name: "llama")
    let file = try model.file()
    var variant = ModelVariant()
    for part in ["attn_k", "ffn_down"] {
      let name = "blk.1.\(part)."
      variant.removed.insert(name + "weight")
      variant.added[name + "weight"] = (
        file.tensor(named: name + "weight")!.shape,
        try file.floats(name + "weight").map { $0 / 4 }
      )
      variant.added[name + "scale"] = ([1], [4])
      variant.added[name + "input_scale"] = ([1], [3])
    }
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test(
    "A factor beside a matrix holds for every format", .enabled(if: !GoldenQuants.types.isEmpty),
    arguments: ["NVFP4", "IQ2_S", "Q8_0", "Q4_K", "F16"])
  func quantisedMatrixScale(type: String) throws {
    let kind = try #require(GoldenQuants.types.first { $0.type == type })
    let file = try GGUFFile(path: kind.path)
    let tokens = try GoldenQuants.index().tokens
    let head = file.tensor(named: "output.weight") == nil ? "token_embd" : "output"
    let logits = try ModelVariant(added: [head + ".scale": ([1], [2])])
      .logits(of: file, tokens: tokens)
    let expected = try ModelVariant().logits(of: file, tokens: tokens).map { 2 * $0 }
    // Formats that become float32 are exact, where bytes have inputs of 15 bits.
    #expect(logits.normalisedSquaredError(from: expected) <= (type == "NVFP4" ? 1e-12 : 1e-4))
  }

  @Test("Gate and up of experts may lie in one tensor")
  func fusedExperts() throws {
    let model = TinyModel(name: "qwen2moe")
    let file = try model.file()
    let parts = ["gate", "up"].map { "blk.0.ffn_\($0)_exps.weight" }
    let shape = try #require(file.tensor(named: parts[0])).shape
    let size = shape[0] * shape[1]
    let (gates, ups) = (try file.floats(parts[0]), try file.floats(parts[1]))
    let values = (0..<shape[2]).flatMap { (expert: Int) -> [Float] in
      let range = expert * size..<(expert + 1) * size
      return Array(gates[range]) + Array(ups[range])
    }
    let variant = ModelVariant(
      added: ["blk.0.ffn_gate_up_exps.weight": ([shape[0], 2 * shape[1], shape[2]], values)],
      removed: Set(parts))
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test(
    "A factor beside the matrices of experts is on each one's weights, and not on biases or inputs",
    arguments: ["qwen2moe", "llama4", "gpt-oss"])
  func expertScales(family: String) throws {
    let model = TinyModel(name: family)
    let file = try model.file()
    let name = "blk.1.ffn_down_exps."
    let shape = try #require(file.tensor(named: name + "weight")).shape
    let factors: [Float] = [2, 0.5, 8, 1]
    #expect(shape[2] == factors.count)
    let size = shape[0] * shape[1]
    let values = try file.floats(name + "weight").enumerated().map {
      $0.element / factors[$0.offset / size]
    }
    let variant = ModelVariant(
      added: [name + "weight": (shape, values), name + "scale": ([factors.count], factors)],
      removed: [name + "weight"])
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test("Keys and values of a layer that sees another's are left out")
  func sharedLayers() throws {
    let model = TinyModel(name: "gemma4")
    let file = try model.file()
    var variant = ModelVariant()
    for part in ["k", "v", "k_norm"] {
      let name = "blk.0.attn_\(part).weight"
      variant.added["blk.4.attn_\(part).weight"] = (
        try #require(file.tensor(named: name)).shape, try file.floats(name)
      )
    }
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
  }

  @Test("Layers that predict a token beyond the next are left out")
  func predictionLayers() throws {
    let model = TinyModel(name: "bailingmoe2")
    let count = try model.file().metadata.requiredInt("bailingmoe2.block_count")
    var variant = ModelVariant(
      metadata: [
        "bailingmoe2.block_count": .value(.uint32(UInt32(count + 1))),
        "bailingmoe2.nextn_predict_layers": .value(.uint32(1)),
      ],
      added: ["blk.\(count).nextn.eh_proj.weight": ([2], [1, 2])])
    #expect(try model.logits(variant) == model.logits(ModelVariant()))
    variant.metadata["bailingmoe2.nextn_predict_layers"] = .value(.uint32(UInt32(count + 1)))
    let error = #expect(throws: ModelError.self) { try model.logits(variant) }
    #expect(error?.code == .badMetadata)
  }

  @Test("Tensors that no layer takes are refused by their names")
  func tensorsOfAnotherModel() throws {
    let model = TinyModel(name: "llama")
    for name in ["blk.0.attn_q_norm.weight", "blk.2.attn_norm.weight"] {
      let error = #expect(throws: ModelError.self) {
        try model.logits(
          ModelVariant(added: [name: ([16], Array(repeating: 1, count: 16))]))
      }
      #expect(error?.code == .unsupported)
      #expect("\(error!)".contains("'\(name)'"))
    }
  }
}
