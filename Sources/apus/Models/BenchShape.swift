// The sizes of models that people use, for files of random weights.

import Foundation
import TensorCore
import Transformer

/// The sizes of a model. Matrices are named and laid out as GGUF files have them.
struct BenchShape {
  let name: String
  /// `general.architecture`.
  let architecture: String
  let layers: Int
  let width: Int
  let feedForward: Int
  let heads: Int
  let keyValueHeads: Int
  let headLength: Int
  let vocabulary: Int
  let contextLength: Int
  let rotaryBase: Float
  let normEpsilon: Float
  /// By how much the longest rotary wavelengths are stretched (Llama 3); nil where none are.
  var rotaryStretch: Double?
  var hasInputBias = false
  var hasOwnHead = false
  /// Values of a norm of queries or keys; nil where they are not normed.
  var headNormWidth: Int?
  /// Experts of a layer, and those that a token goes to; nil where layers have none.
  var experts: (count: Int, used: Int)?
  /// How the tokenizer splits text.
  let preTokenizer: String

  static let all = [
    BenchShape(
      name: "llama-3.2-1b", architecture: "llama", layers: 16, width: 2048, feedForward: 8192,
      heads: 32, keyValueHeads: 8, headLength: 64, vocabulary: 128_256, contextLength: 131_072,
      rotaryBase: 500_000, normEpsilon: 1e-5, rotaryStretch: 32, preTokenizer: "llama-bpe"),
    BenchShape(
      name: "qwen2.5-0.5b", architecture: "qwen2", layers: 24, width: 896, feedForward: 4864,
      heads: 14, keyValueHeads: 2, headLength: 64, vocabulary: 151_936, contextLength: 32_768,
      rotaryBase: 1_000_000, normEpsilon: 1e-6, hasInputBias: true, preTokenizer: "qwen2"),
    BenchShape(
      name: "llama-3.1-8b", architecture: "llama", layers: 32, width: 4096, feedForward: 14_336,
      heads: 32, keyValueHeads: 8, headLength: 128, vocabulary: 128_256, contextLength: 131_072,
      rotaryBase: 500_000, normEpsilon: 1e-5, rotaryStretch: 8, hasOwnHead: true,
      preTokenizer: "llama-bpe"),
    BenchShape(
      name: "olmoe-1b-7b", architecture: "olmoe", layers: 16, width: 2048, feedForward: 1024,
      heads: 16, keyValueHeads: 16, headLength: 128, vocabulary: 50_304, contextLength: 4096,
      rotaryBase: 10_000, normEpsilon: 1e-5, hasOwnHead: true, headNormWidth: 2048,
      experts: (count: 64, used: 8), preTokenizer: "olmo"),
    BenchShape(
      name: "qwen3-30b-a3b", architecture: "qwen3moe", layers: 48, width: 2048, feedForward: 768,
      heads: 32, keyValueHeads: 4, headLength: 128, vocabulary: 151_936, contextLength: 40_960,
      rotaryBase: 1_000_000, normEpsilon: 1e-6, hasOwnHead: true, headNormWidth: 128,
      experts: (count: 128, used: 8), preTokenizer: "qwen2"),
    BenchShape(
      name: "tiny", architecture: "llama", layers: 4, width: 256, feedForward: 768, heads: 4,
      keyValueHeads: 2, headLength: 64, vocabulary: 2048, contextLength: 4096,
      rotaryBase: 10_000, normEpsilon: 1e-5, preTokenizer: "llama-bpe"),
  ]

  /// A tensor, and how its values are drawn.
  struct Tensor {
    enum Values {
      /// At random, with this deviation around 0.
      case random(deviation: Float)
      /// These numbers, in float32.
      case numbers([Float])
    }

    let name: String
    let shape: [Int]
    let values: Values
  }

  /// All tensors in the order of the file.
  var tensors: [Tensor] {
    var result = [matrix("token_embd", width, vocabulary)]
    result.append(ones("output_norm", width))
    if hasOwnHead { result.append(matrix("output", width, vocabulary)) }
    if let rotaryStretch {
      result.append(
        Tensor(
          name: "rope_freqs.weight", shape: [headLength / 2],
          values: .numbers(rotaryDivisors(stretch: rotaryStretch))))
    }
    let (queries, keys) = (heads * headLength, keyValueHeads * headLength)
    for layer in 0..<layers {
      let block = "blk.\(layer)."
      result.append(ones(block + "attn_norm", width))
      for (name, rows) in [("attn_q", queries), ("attn_k", keys), ("attn_v", keys)] {
        result.append(matrix(block + name, width, rows))
        if hasInputBias {
          result.append(
            Tensor(
              name: block + name + ".bias", shape: [rows], values: .random(deviation: 0.1)))
        }
      }
      if let headNormWidth {
        result.append(ones(block + "attn_q_norm", headNormWidth))
        result.append(ones(block + "attn_k_norm", headNormWidth))
      }
      result.append(matrix(block + "attn_output", queries, width))
      result.append(ones(block + "ffn_norm", width))
      let suffix = experts == nil ? "" : "_exps"
      if let experts { result.append(matrix(block + "ffn_gate_inp", width, experts.count)) }
      for (name, columns, rows) in [
        ("ffn_gate", width, feedForward), ("ffn_up", width, feedForward),
        ("ffn_down", feedForward, width),
      ] {
        result.append(matrix(block + name + suffix, columns, rows, experts?.count))
      }
    }
    return result
  }

  /// Weights as wide as trained ones: outputs have about the size of inputs.
  private func matrix(
    _ name: String, _ columns: Int, _ rows: Int, _ count: Int? = nil
  ) -> Tensor {
    Tensor(
      name: name + ".weight", shape: [columns, rows] + (count.map { [$0] } ?? []),
      values: .random(deviation: 1 / Float(columns).squareRoot()))
  }

  private func ones(_ name: String, _ count: Int) -> Tensor {
    Tensor(
      name: name + ".weight", shape: [count],
      values: .numbers([Float](repeating: 1, count: count)))
  }

  /// What each rotary pair's frequency is divided by (the Llama 3 herd of models, 2024): wavelengths
  /// beyond 8192 positions are stretched, those below a quarter of that are not, and between them
  /// it goes over.
  private func rotaryDivisors(stretch: Double) -> [Float] {
    let original = 8192.0
    return (0..<headLength / 2).map { pair in
      let exponent = Double(2 * pair) / Double(headLength)
      let wavelength = 2 * Double.pi * pow(Double(rotaryBase), exponent)
      let part = (original / wavelength - 1) / 3
      if part >= 1 { return 1 }
      return part <= 0 ? Float(stretch) : Float(1 / ((1 - part) / stretch + part))
    }
  }

  /// What the file says of itself but its type and its tokenizer.
  var metadata: [(key: String, value: GGUFContent)] {
    func number(_ key: String, _ value: Int) -> (key: String, value: GGUFContent) {
      ("\(architecture).\(key)", .value(.uint32(UInt32(value))))
    }
    let sizesOfExperts = experts.map {
      [
        number("expert_count", $0.count), number("expert_used_count", $0.used),
        number("expert_feed_forward_length", feedForward),
      ]
    }
    return [
      ("general.architecture", .value(.string(architecture))),
      ("general.type", .value(.string("model"))),
      ("general.name", .value(.string("\(name) shape, random weights"))),
      number("block_count", layers),
      number("context_length", contextLength),
      number("embedding_length", width),
      number("feed_forward_length", feedForward),
      number("attention.head_count", heads),
      number("attention.head_count_kv", keyValueHeads),
      number("attention.key_length", headLength),
      number("attention.value_length", headLength),
      number("rope.dimension_count", headLength),
      number("vocab_size", vocabulary),
      ("\(architecture).rope.freq_base", .value(.float32(rotaryBase))),
      ("\(architecture).attention.layer_norm_rms_epsilon", .value(.float32(normEpsilon))),
    ] + (sizesOfExperts ?? [])
  }
}
