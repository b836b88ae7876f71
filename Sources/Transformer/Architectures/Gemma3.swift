// Gemma 3 (Gemma Team 2025).
//
//   x = embedding[token] × √width
//   each layer:  x += norm(output(attend(rotate(norm(q)), rotate(norm(k)), v)))
//                x += norm(down(gelu(gate(y)) × up(y))),  y = norm(x)
//   logits = head(norm(x)), the head tied to the embedding, capped where the file says so
//
// Five layers of six see a sliding window and turn by base 10,000; every sixth sees all and turns
// by the file's base and scaling. Rotary pairs are halves. GGUF files store norm weights with the
// family's +1 already added.

import TensorCore

enum Gemma3: Architecture {
  static let names = ["gemma3"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 6
  /// Layers of the 27B model, whose queries are scaled by width / heads.
  private static let largeModelLayers = 62

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let global = try weights.rotary(.halves)
    let local = try h.windowRotary(.halves)
    let windows = try h.slidingWindows(period: Self.period)
    let queryLength =
      h.blockCount == Self.largeModelLayers ? h.embeddingLength / h.headCount : h.keyLength
    return try weights.decoder(
      rotaries: [global, local], embeddingScale: Float(h.embeddingLength).squareRoot(),
      logitCap: try h.float("final_logit_softcapping") ?? 0
    ) { index in
      let isLocal = windows[index] != nil
      var heads = h.heads(
        scale: try h.attentionScale() ?? 1 / Float(queryLength).squareRoot())
      heads.window = windows[index]
      heads.rotary = isLocal ? local : global
      heads.softCap = try h.float("attn_logit_softcapping") ?? 0
      try weights.readHeadNorms(of: index, into: &heads)
      return DecoderLayer(
        .attention(
          try AttentionLayer(
            weights, index, heads: heads, rotaryIndex: isLocal ? 1 : 0, norms: .beforeAndAfter)),
        try FeedForwardLayer(weights, index, activation: .geluTanh, norms: .beforeAndAfter))
    }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(hyperparameters, windows: try hyperparameters.slidingWindows(period: period))
  }
}
