// What a file says of experts.

import TensorCore

extension Hyperparameters {
  /// Whether the rows of a layer go to experts: in files with experts all do but the first, or one
  /// of several, where the file says so.
  func hasExperts(at layer: Int) throws -> Bool {
    guard try int("expert_count", in: 0...1 << 12) ?? 0 > 0 else { return false }
    let first = try int("leading_dense_block_count", in: 0...blockCount) ?? 0
    let step = try int("interleave_moe_layer_step", in: 1...1 << 10) ?? 1
    return layer >= first && (layer + 1) % step == 0
  }

  /// Whether the file names an expert that all rows go to.
  func hasSharedExpert() throws -> Bool { try int("expert_shared_count", in: 0...64) ?? 0 > 0 }

  /// Values between the products of an expert.
  func expertInner() throws -> Int {
    try int("expert_feed_forward_length", in: 1...1 << 20) ?? feedForwardLength
  }

  /// Values between the products of the expert that all rows share: the file's own number, or those
  /// of several experts.
  func sharedExpertInner(ofExpert inner: Int) throws -> Int {
    try int("expert_shared_feed_forward_length", in: 1...1 << 20)
      ?? inner * (try int("expert_shared_count", in: 1...64) ?? 1)
  }

  /// How a router's scores become weights.
  ///
  /// - Parameters:
  ///   - gate: what scores go through where the file does not say it.
  ///   - normalises: whether the weights of a row's experts add up to 1; nil where the file says.
  func expertRouting(gate: ExpertRouting.Gate, normalises: Bool?) throws -> ExpertRouting {
    let count = try requiredInt("expert_count", in: 1...1 << 12)
    let used = try requiredInt("expert_used_count", in: 1...count)
    let scale = try float("expert_weights_scale") ?? 0
    var routing = ExpertRouting(
      expertCount: count, usedCount: used,
      normalises: try normalises ?? bool("expert_weights_norm") ?? false,
      scale: scale == 0 ? 1 : scale)
    switch try int("expert_gating_func") ?? 0 {
    // Some converters write 0 where nothing is said.
    case 0: routing.gate = gate
    case 1: routing.gate = .softmax
    case 2: routing.gate = .sigmoid
    case let function:
      throw unsupported(
        "expert_gating_func", "is \(function), known are 1 (softmax) and 2 (sigmoid)")
    }
    let groups = try int("expert_group_count", in: 0...count) ?? 0
    if groups > 1 {
      guard count % groups == 0 else {
        throw unsupported(
          "expert_group_count",
          "is \(groups), which does not divide \(architecture).expert_count \(count)")
      }
      let usedGroups = try requiredInt("expert_group_used_count", in: 1...groups)
      guard usedGroups * (count / groups) >= used else {
        throw unsupported(
          "expert_group_used_count",
          "is \(usedGroups), whose groups hold fewer experts than the \(used) of "
            + "\(architecture).expert_used_count")
      }
      routing.groups = ExpertRouting.Groups(count: groups, usedCount: usedGroups)
    }
    return routing
  }
}
