// ModernBERT (Warner et al. 2024).
//
//   x = norm(embedding[token])
//   each layer:  x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += down(gelu(gate(y)) × up(y)),              y = norm(x)
//   states = norm(x)
//
// The first layer attends to x itself, which is normed already. All tokens see one another: in the
// first layer and every third after it all, in the others those of a window around each, where heads
// turn by a base of their own. The norms are around the mean. Rotary pairs are halves. One tensor
// holds gate and up.

import KernelInterface
import TensorCore

enum ModernBERT: Architecture {
  static let names = ["modern-bert"]
  static let layerKinds = LayerKinds.encoder

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 3

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let global = try weights.rotary(.halves)
    let local = try h.windowRotary(.halves)
    let windows = try h.slidingWindows(period: Self.period, globalFirst: true)
    let activation = try activation(h)
    return try weights.encoder(
      rotaries: [global, local], sum: try EmbeddingSum(weights),
      norm: try weights.norm("output_norm.weight", count: h.embeddingLength)
    ) { index in
      let isLocal = windows[index] != nil
      var heads = h.heads()
      heads.window = windows[index]
      heads.rotary = isLocal ? local : global
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: isLocal ? 1 : 0,
            norms: index == 0 ? .outside : .before)),
        try FeedForwardLayer(weights, index, activation: activation, isFused: true))
    }
  }

  /// Between gate and up: GELU, where the file names no other.
  private static func activation(_ h: Hyperparameters) throws -> Activation {
    let key = "hidden_activation"
    switch try h.string(key) ?? "gelu" {
    case "gelu": return .gelu
    case "silu", "swish": return .silu
    case let name: throw h.unsupported(key, "is \(name); known are gelu and silu")
    }
  }
}
