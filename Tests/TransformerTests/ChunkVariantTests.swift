// What files of families with chunked attention may say, and what lies behind the first chunk.

import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct ChunkVariantTests {
  private let model = TinyModel(name: "llama4")

  private func pattern(_ values: [Bool]) -> [String: GGUFContent] {
    ["llama4.attention.sliding_window_pattern": .list(.bool, values.map(GGUFValue.bool))]
  }

  /// The bits of the logits of the last of `tokens`.
  private func lastBits(_ tokens: [Int32], _ metadata: [String: GGUFContent]) throws -> [UInt32] {
    try TemporaryFolder.with { folder in
      let path = folder + "/model.gguf"
      try ModelVariant(metadata: metadata).write(model.file(), to: path)
      var options = ModelOptions()
      options.threadCount = 2
      options.contextLength = tokens.count
      return try Session(Model.load(path, options: options)).evaluate(tokens, logits: .last).bits
    }
  }

  @Test("A row sees nothing of the chunks before its own, but in layers that see all")
  func chunks() throws {
    let tokens = try model.tokens(8_195, seed: 1)
    let others = try model.tokens(8_192, seed: 2) + tokens[8_192...]
    let local = pattern([true, true, true, true])
    #expect(try lastBits(tokens, local) == lastBits(others, local))
    let last = tokens.dropLast(4) + [(tokens[8_191] + 1) % 256] + tokens.suffix(3)
    #expect(try lastBits(tokens, local) == lastBits(Array(last), local))
    #expect(try lastBits(tokens, [:]) != lastBits(others, [:]))
  }

  @Test("A file names the layers that see all")
  func patterns() throws {
    let usual = try model.logits(ModelVariant())
    #expect(
      try model.logits(ModelVariant(metadata: pattern([true, true, true, false]))) == usual)
    let key = "llama4.attention.sliding_window"
    #expect(try model.logits(ModelVariant(removedKeys: [key])) == usual)
    for (key, value) in [
      (key, GGUFValue.uint32(0)), ("llama4.rope.freq_base_swa", .float32(10_000)),
    ] {
      let error = #expect(throws: ModelError.self) {
        try model.logits(ModelVariant(metadata: [key: .value(value)]))
      }
      #expect(error?.description.contains(key) == true)
    }
  }

  @Test("Queries and keys of a model with 128 experts are not normed")
  func manyExperts() throws {
    let file = try model.file()
    func variant(_ count: Int) throws -> ModelVariant {
      var variant = ModelVariant(metadata: [
        "llama4.expert_count": .value(.uint32(UInt32(count)))
      ])
      for layer in [1, 3] {
        for part in ["gate_exps", "up_exps", "down_exps", "gate_inp"] {
          let name = "blk.\(layer).ffn_\(part).weight"
          let shape = try #require(file.tensor(named: name)).shape
          let values = try file.floats(name)
          variant.removed.insert(name)
          variant.added[name] = (
            shape.dropLast() + [count], (0..<count / 4).flatMap { _ in values }
          )
        }
      }
      return variant
    }
    // Of equal experts the first is taken.
    let usual = try model.logits(ModelVariant())
    #expect(try model.logits(variant(64)) == usual)
    #expect(try model.logits(variant(128)).normalisedSquaredError(from: usual) > 1e-3)
  }
}
