// Which layers see a sliding window alone.

extension Hyperparameters {
  /// The window of each layer in positions, as the file's `attention.sliding_window` and its pattern
  /// say; nil for layers that see all. A window of 0 is none.
  ///
  /// - Parameters:
  ///   - period: every so many layers one sees all, where the file names no pattern. A pattern of 0
  ///     means that none does.
  ///   - globalFirst: whether that is the first of them, and not the last.
  func slidingWindows(period: Int, globalFirst: Bool = false) throws -> [Int?] {
    let window = try int("attention.sliding_window", in: 0...1 << 30) ?? 0
    return try layersWithWindow(period: period, globalFirst: globalFirst).map {
      $0 && window > 0 ? window : nil
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
