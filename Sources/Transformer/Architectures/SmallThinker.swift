// SmallThinker (SJTU-IPADS 2025).
//
//   x = embedding[token]
//   each layer:  z = x
//                x += output(attend(rotate(q), rotate(k), v)),  q, k, v = qkv(norm(x))
//                x += Σ weight × down(max(gate(y), 0) × up(y)) over experts that z chooses,  y = norm(x)
//   logits = head(norm(x))
//
// The router reads a layer's input, so that weights can be fetched while the layer attends; its weights of those that
// a row goes to add up to 1. Where the file names a sliding window, it is the same for all models: three layers of
// four see that alone, and every fourth, the first among them, sees all and turns nothing. Rotary pairs are halves.

import TensorCore

enum SmallThinker: Architecture {
  static let names = ["smallthinker"]

  /// Every so many layers one sees all, where the file does not say.
  private static let period = 4
  /// Every so many layers one turns nothing.
  private static let restPeriod = 4
  /// Positions that layers with a window see, whatever number the file names.
  private static let window = 4_096

  static func decoder(_ weights: WeightLoader) throws -> DecoderModel {
    let h = weights.hyperparameters
    let rotary = try weights.rotary(.halves)
    let windows = try Self.windows(h)
    return try weights.decoder(rotaries: [rotary]) { index in
      var heads = h.heads()
      heads.window = windows?[index]
      heads.rotary = windows != nil && index % restPeriod == 0 ? nil : rotary
      return DecoderLayer(
        .attention(try AttentionLayer(weights, index, heads: heads, rotaryIndex: 0)),
        try ExpertsLayer(
          weights, index, routerReadsKept: true, activation: .relu, normalises: true),
        inputs: [KeptInput()])
    }
  }

  /// The window of each layer, nil for one that sees all; nil where the file names none.
  private static func windows(_ h: Hyperparameters) throws -> [Int?]? {
    guard try h.int("attention.sliding_window", in: 0...1 << 30) ?? 0 > 0 else { return nil }
    guard try h.float("rope.freq_base_swa") ?? h.rotaryBase == h.rotaryBase else {
      throw h.unsupported("rope.freq_base_swa", "is not rope.freq_base, which is not supported")
    }
    return try h.layersWithWindow(period: period, globalFirst: true).map { $0 ? window : nil }
  }

  static func memories(_ hyperparameters: Hyperparameters) throws -> [LayerMemoryShape] {
    memories(
      hyperparameters,
      windows: try windows(hyperparameters)
        ?? Array(repeating: nil, count: hyperparameters.blockCount))
  }
}
