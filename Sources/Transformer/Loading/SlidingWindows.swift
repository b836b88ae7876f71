// Which layers see a sliding window alone.

/// What holds where a file names no `attention.sliding_window`.
enum MissingWindow: Sendable {
  /// All layers see all.
  case seesAll
  /// Layers with a window see so many positions.
  case positions(Int)
  /// The file is refused, and one that names 0 too.
  case refused
}

extension Hyperparameters {
  /// The window of each layer in positions, as the file's `attention.sliding_window` and its pattern
  /// say; nil for layers that see all. A window of 0 is none.
  ///
  /// - Parameters:
  ///   - period: every so many layers one sees all, where the file names no pattern. A pattern of 0
  ///     means that none does.
  ///   - globalFirst: whether that is the first of them, and not the last.
  ///   - missing: what holds where the file names no window.
  func slidingWindows(
    period: Int, globalFirst: Bool = false, missing: MissingWindow = .seesAll
  ) throws -> [Int?] {
    let window = try slidingWindow(missing)
    return try layersWithWindow(period: period, globalFirst: globalFirst).map {
      $0 && window > 0 ? window : nil
    }
  }

  private func slidingWindow(_ missing: MissingWindow) throws -> Int {
    let key = "attention.sliding_window"
    switch missing {
    case .seesAll: return try int(key, in: 0...1 << 30) ?? 0
    case .positions(let count): return try int(key, in: 0...1 << 30) ?? count
    case .refused: return try requiredInt(key, in: 1...1 << 30)
    }
  }

  /// Which layers see a window alone, as the file's pattern says; see `slidingWindows`.
  func layersWithWindow(period: Int, globalFirst: Bool = false) throws -> [Bool] {
    let patternKey = "attention.sliding_window_pattern"
    let pattern = try bools(patternKey)
    let period = pattern == nil ? try int(patternKey, in: 0...1 << 30) ?? period : period
    return (0..<blockCount).map { index in
      let place = globalFirst ? index : index + 1
      return pattern?[index] ?? (period == 0 || place % period != 0)
    }
  }
}
