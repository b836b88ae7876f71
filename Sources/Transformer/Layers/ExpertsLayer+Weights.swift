// Where the weights of experts lie in a file.

import KernelInterface
import TensorCore

extension WeightLoader {
  /// Gate and up of each expert of a layer, or up alone: tensors of their own, or one that holds
  /// gate before up.
  func inputs(
    ofExperts layer: String, _ names: [String], count: Int, inner: Int, width: Int
  ) throws -> [[PackedMatrix]] {
    let fused = layer + "ffn_gate_up_exps.weight"
    if names.count == 2, has(fused) {
      return try stack(fused, count: count, rows: [inner, inner], columns: width)
    }
    let parts = try names.map {
      try stack("\(layer)ffn_\($0)_exps.weight", count: count, rows: [inner], columns: width)
    }
    return (0..<count).map { expert in parts.map { $0[expert][0] } }
  }

  /// Values of the vectors that experts read and give, where the file has them shorter than a row.
  func latentWidth(ofExperts layer: String) throws -> Int? {
    guard has(layer + "ffn_latent_down.weight") || has(layer + "ffn_latent_up.weight") else {
      return nil
    }
    return try hyperparameters.requiredInt("moe_latent_size", in: 1...1 << 20)
  }

  /// The expert that all rows of a layer share.
  func sharedExpert(
    _ index: Int, _ activation: Activation, _ plain: PlainActivation?, inner: Int,
    residualScale: Float
  ) throws -> any FeedForward {
    if let plain {
      return try PlainFeedForwardLayer(
        self, index, activation: plain, inner: inner, isShared: true, residualScale: residualScale)
    }
    // Some files have gate and up in one tensor.
    let isFused = !has("blk.\(index).ffn_gate_shexp.weight")
    return try FeedForwardLayer(
      self, index, activation: activation, isFused: isFused, isShared: true, inner: inner,
      residualScale: residualScale)
  }
}
