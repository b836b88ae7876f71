// Which format each tensor of a quantised model takes: llama.cpp's names and rules.

package import KernelInterface

/// A way to quantise a model, by llama.cpp's name: a format for most tensors, and better ones where
/// errors cost most.
///
/// Source: the rules of `llama-quantize` without an importance matrix, for dense models.
package enum QuantizationMix: String, Sendable, CaseIterable {
  case F32, F16, BF16
  case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0
  case Q2_K, Q2_K_S, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M, Q6_K
  case IQ4_NL, IQ4_XS

  /// The mix of that name, in small or capital letters; `Q3_K`, `Q4_K` and `Q5_K` are their `_M`.
  package init?(named name: String) {
    let name = name.uppercased()
    self.init(rawValue: ["Q3_K", "Q4_K", "Q5_K"].contains(name) ? name + "_M" : name)
  }

  /// What most matrices become.
  package var format: TensorFormat {
    switch self {
    case .F32: .F32
    case .F16: .F16
    case .BF16: .BF16
    case .Q4_0: .Q4_0
    case .Q4_1: .Q4_1
    case .Q5_0: .Q5_0
    case .Q5_1: .Q5_1
    case .Q8_0: .Q8_0
    case .Q2_K, .Q2_K_S: .Q2_K
    case .Q3_K_S, .Q3_K_M, .Q3_K_L: .Q3_K
    case .Q4_K_S, .Q4_K_M: .Q4_K
    case .Q5_K_S, .Q5_K_M: .Q5_K
    case .Q6_K: .Q6_K
    case .IQ4_NL: .IQ4_NL
    case .IQ4_XS: .IQ4_XS
    }
  }

  /// The number in `general.file_type`.
  package var fileType: UInt32 {
    switch self {
    case .F32: 0
    case .F16: 1
    case .Q4_0: 2
    case .Q4_1: 3
    case .Q8_0: 7
    case .Q5_0: 8
    case .Q5_1: 9
    case .Q2_K: 10
    case .Q3_K_S: 11
    case .Q3_K_M: 12
    case .Q3_K_L: 13
    case .Q4_K_S: 14
    case .Q4_K_M: 15
    case .Q5_K_S: 16
    case .Q5_K_M: 17
    case .Q6_K: 18
    case .Q2_K_S: 21
    case .IQ4_NL: 25
    case .IQ4_XS: 30
    case .BF16: 32
    }
  }

  /// Whether the mix has no blocks: what needs none of the rules below.
  private var isPlain: Bool { format.blockElements == 1 }
}

/// The facts about a model that the rules ask for.
package struct QuantizationFacts: Sendable {
  package let blockCount: Int
  /// Query heads for each key-value head.
  package let groupedHeadCount: Int
  /// Whether the output head is a tensor of its own; else it is the embedding table.
  package let hasOutput: Bool
  /// The layers that have a value (or joint query, key and value) matrix, in order.
  package let valueLayers: [Int]

  package init(blockCount: Int, groupedHeadCount: Int, tensorNames: some Sequence<String>) {
    self.blockCount = blockCount
    self.groupedHeadCount = groupedHeadCount
    let names = Array(tensorNames)
    hasOutput = names.contains("output.weight")
    valueLayers =
      Set(names.filter(TensorRole.isValue).map { TensorRole.layer(of: $0) }).sorted()
  }
}

extension QuantizationMix {
  /// What becomes of a tensor.
  package struct Choice: Sendable, Equatable {
    package let format: TensorFormat
    /// What the rules ask for, where the rows are no whole blocks of it.
    package let refused: TensorFormat?
  }

  /// The format for a tensor, nil where it keeps its own.
  package func choice(
    for name: String, shape: [Int], in facts: QuantizationFacts
  ) -> Choice? {
    guard TensorRole.isQuantised(name, shape) else { return nil }
    if isPlain { return Choice(format: format, refused: nil) }
    let wanted = wanted(name, shape, facts)
    let fitting = Self.fitting(wanted, columns: shape[0])
    return Choice(format: fitting, refused: fitting == wanted ? nil : wanted)
  }

  /// `format`, or what takes its place for rows of so many columns.
  private static func fitting(_ format: TensorFormat, columns: Int) -> TensorFormat {
    if columns % format.blockElements == 0 { return format }
    let smaller: TensorFormat =
      switch format {
      case .Q2_K, .Q3_K: .Q4_0
      case .IQ4_XS: .IQ4_NL
      case .Q4_K: .Q5_0
      case .Q5_K: .Q5_1
      case .Q6_K: .Q8_0
      default: .F16
      }
    return columns % smaller.blockElements == 0 ? smaller : .F16
  }

  private func wanted(
    _ name: String, _ shape: [Int], _ facts: QuantizationFacts
  ) -> TensorFormat {
    let isHead = name == (facts.hasOutput ? "output.weight" : "token_embd.weight")
    if isHead {
      return format == .Q8_0 || shape[0] % format.blockElements != 0 ? .Q8_0 : .Q6_K
    }
    let layer = TensorRole.layer(of: name)
    if name.contains("attn_v.weight") {
      let place = facts.valueLayers.firstIndex(of: layer) ?? 0
      return valueFormat(place, of: facts.valueLayers.count, sharing: facts.groupedHeadCount)
    }
    if name.contains("ffn_down") { return downFormat(layer, of: facts.blockCount) }
    if name.contains("attn_output.weight") {
      switch self {
      case .Q2_K: return .Q3_K
      case .Q3_K_M: return .Q4_K
      case .Q3_K_L: return .Q5_K
      default: return format
      }
    }
    if name.contains("attn_qkv.weight") {
      switch self {
      case .Q3_K_M, .Q3_K_L: return .Q4_K
      case .Q4_K_M: return .Q5_K
      case .Q5_K_M: return .Q6_K
      default: return format
      }
    }
    return format
  }

  private func valueFormat(_ place: Int, of count: Int, sharing heads: Int) -> TensorFormat {
    switch self {
    case .Q2_K: heads >= 4 ? .Q4_K : .Q3_K
    case .Q2_K_S where heads >= 4: .Q4_K
    case .Q3_K_M: place < 2 ? .Q5_K : .Q4_K
    case .Q3_K_L: .Q5_K
    case .IQ4_NL, .IQ4_XS: heads >= 4 ? .Q5_K : format
    case .Q4_K_M, .Q5_K_M: Self.deservesMore(place, of: count) ? .Q6_K : format
    case .Q4_K_S: place < 4 ? .Q5_K : .Q4_K
    default: format
    }
  }

  private func downFormat(_ layer: Int, of count: Int) -> TensorFormat {
    switch self {
    case .Q2_K: .Q3_K
    case .Q2_K_S: layer < count / 8 ? .Q4_K : .Q2_K
    case .Q3_K_M: layer < count / 16 ? .Q5_K : .Q4_K
    case .Q3_K_L: .Q5_K
    case .Q4_K_M, .Q5_K_M: Self.deservesMore(layer, of: count) ? .Q6_K : format
    case .Q4_K_S, .IQ4_NL, .IQ4_XS: layer < count / 8 ? .Q5_K : format
    default: format
    }
  }

  /// The first and last eighth of the layers, and every third between.
  private static func deservesMore(_ layer: Int, of count: Int) -> Bool {
    layer < count / 8 || layer >= 7 * count / 8 || (layer - count / 8) % 3 == 2
  }
}

/// What a tensor's name says.
enum TensorRole {
  static func isValue(_ name: String) -> Bool {
    name.contains("attn_v.weight") || name.contains("attn_qkv.weight")
      || name.contains("attn_kv_b.weight")
  }

  /// The number in `blk.N.…`, 0 in other names.
  static func layer(of name: String) -> Int {
    guard name.hasPrefix("blk.") else { return 0 }
    return Int(name.dropFirst(4).prefix { $0.isNumber }) ?? 0
  }

  /// Whether a tensor is quantised at all: matrices of weights are, and neither norms nor what is
  /// small and sensitive.
  static func isQuantised(_ name: String, _ shape: [Int]) -> Bool {
    guard name.hasSuffix("weight"), shape.dropFirst().contains(where: { $0 > 1 }) else {
      return false
    }
    if name.hasSuffix("_norm.weight") { return false }
    return !kept.contains { name.contains($0) }
  }

  private static let kept = [
    "ffn_gate_inp.weight", "position_embd.weight", "token_types.weight", "ssm_conv1d",
    "shortconv.conv.weight", "time_mix_", "attn_rel_b.weight", "altup", "laurel",
    "per_layer_model_proj", ".position_embd.",
  ]
}
