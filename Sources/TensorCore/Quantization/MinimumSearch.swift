// Weights as scale × level + minimum: the search for both.

/// Searches scales and minima for groups of weights whose levels are 0 ... `top`.
struct MinimumSearch {
  /// The highest level, a whole number.
  let top: Float
  /// Whether minima above 0 are left out: the K formats cannot store them.
  let isBelowZero: Bool

  /// A scale from 0 on, and what level 0 is worth.
  struct Fit {
    var scale: Float
    var minimum: Float
  }

  /// The fit of the smallest squared error that was found.
  func fit(_ group: WeightGroup) -> Fit {
    var (low, high) = (group.base[0], group.base[0])
    for index in 1..<group.count {
      low = min(low, group.base[index])
      high = max(high, group.base[index])
    }
    if isBelowZero { low = min(low, 0) }
    guard max(abs(low), abs(high)) >= 1e-15 else { return Fit(scale: 0, minimum: 0) }
    guard high > low else { return Fit(scale: 0, minimum: low) }
    var best = Fit(scale: (high - low) / top, minimum: low)
    var least = error(group, best)
    for candidate in -8...10 {
      let trial = Fit(scale: (high - low) / (top + Float(candidate) * 0.125), minimum: low)
      consider(group, trial, &best, &least)
    }
    // One end cut off, then both.
    for cut in [0.06, 0.12, 0.18] as [Float] {
      let lower = low + cut * (high - low)
      let upper = high - cut * (high - low)
      consider(group, Fit(scale: (upper - low) / top, minimum: low), &best, &least)
      consider(group, Fit(scale: (high - lower) / top, minimum: lower), &best, &least)
      consider(group, Fit(scale: (upper - lower) / top, minimum: lower), &best, &least)
    }
    for _ in 0..<3 { consider(group, best, &best, &least) }
    return best
  }

  /// Takes the best fit for the levels that `trial` gives, where it is better than the best one.
  @inline(__always)
  private func consider(
    _ group: WeightGroup, _ trial: Fit, _ best: inout Fit, _ least: inout Float
  ) {
    guard trial.scale > 0 else { return }
    let sums = sums(group, trial)
    guard let refined = solved(sums, count: Float(group.count)) else { return }
    // Not from the sums, whose differences lose the digits that count.
    let error = error(group, refined)
    if error < least { (best, least) = (refined, error) }
  }

  /// Sums over the group of levels, their squares, weights, and products of both.
  private struct Sums {
    var level: Float
    var square: Float
    var weight: Float
    var product: Float
  }

  @inline(__always)
  private func sums(_ group: WeightGroup, _ fit: Fit) -> Sums {
    let inverse = 1 / fit.scale
    var (level, square, weight, product) = (Lanes(), Lanes(), Lanes(), Lanes())
    for index in 0..<group.vectorCount {
      let weights = group[index]
      let nearest = clamped(rounded((weights - fit.minimum) * inverse), 0, top)
      level += nearest
      square += nearest * nearest
      weight += weights
      product += nearest * weights
    }
    return Sums(
      level: level.sum(), square: square.sum(), weight: weight.sum(), product: product.sum())
  }

  @inline(__always)
  private func solved(_ s: Sums, count: Float) -> Fit? {
    let determinant = count * s.square - s.level * s.level
    guard determinant > 0 else { return nil }
    var fit = Fit(
      scale: (count * s.product - s.weight * s.level) / determinant,
      minimum: (s.square * s.weight - s.level * s.product) / determinant)
    if isBelowZero, fit.minimum > 0 {
      fit = Fit(scale: s.product / s.square, minimum: 0)
    }
    return fit.scale > 0 ? fit : nil
  }

  /// The squared error.
  @inline(__always)
  func error(_ group: WeightGroup, _ fit: Fit) -> Float {
    let inverse = fit.scale == 0 ? 0 : 1 / fit.scale
    var sum = Lanes()
    for index in 0..<group.vectorCount {
      let weights = group[index]
      let nearest = clamped(rounded((weights - fit.minimum) * inverse), 0, top)
      let difference = weights - (nearest * fit.scale + fit.minimum)
      sum += difference * difference
    }
    return sum.sum()
  }

  /// The levels of the weights, to `codes`.
  func store(_ group: WeightGroup, _ fit: Fit, _ codes: UnsafeMutablePointer<UInt8>) {
    let inverse = fit.scale == 0 ? 0 : 1 / fit.scale
    for index in 0..<group.vectorCount {
      let nearest = clamped(rounded((group[index] - fit.minimum) * inverse), 0, top)
      for lane in 0..<16 { codes[16 * index + lane] = UInt8(nearest[lane]) }
    }
  }

  /// The group's fit as half precision keeps it.
  func halfFit(_ group: WeightGroup) -> Fit {
    func kept(_ fit: Fit) -> Fit {
      Fit(scale: halfRounded(fit.scale), minimum: halfRounded(fit.minimum))
    }
    let first = kept(fit(group))
    guard first.scale > 0, let other = solved(sums(group, first), count: Float(group.count))
    else { return first }
    let second = kept(other)
    return error(group, second) < error(group, first) ? second : first
  }
}
