// Which layers see the keys and values of others.

extension Hyperparameters {
  /// The layer whose keys and values each layer sees, the last one with the same window among those
  /// that have their own; nil for its own. So many at the end have none as
  /// `attention.shared_kv_layers` says.
  ///
  /// - Parameters:
  ///   - windows: the window of each layer.
  ///   - count: layers without, where the file does not say.
  func sharedLayers(_ windows: [Int?], default count: Int = 0) throws -> [Int?] {
    let shared = try int("attention.shared_kv_layers", in: 0...blockCount - 1) ?? count
    let own = blockCount - shared
    let lastLocal = (0..<own).last { windows[$0] != nil }
    let lastGlobal = (0..<own).last { windows[$0] == nil }
    return try (0..<blockCount).map { index in
      guard index >= own else { return nil }
      guard let source = windows[index] == nil ? lastGlobal : lastLocal else {
        throw unsupported(
          "attention.shared_kv_layers",
          "is \(shared), and no layer before has what layer \(index) sees")
      }
      return source
    }
  }
}
