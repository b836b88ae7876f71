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
