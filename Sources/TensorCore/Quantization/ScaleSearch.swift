// Weights as scale × level: the search for scales.

/// Searches scales for groups of weights that take levels.
struct ScaleSearch<L: Levels> {
  let levels: L

  /// Candidates on each side of an end of the range.
  private static var candidates: Int { 9 }

  /// The scale of the smallest squared error that was found, of either sign; 0 for a group of zeros.
  func scale(_ group: WeightGroup) -> Float {
    let peak = group.peak
    guard peak != 0 else { return 0 }
    var (best, scale): (Float, Float) = (0, 0)
    func consider(_ inverse: Float) {
      let (product, square) = sums(group, inverse)
      if product * product > best * square {
        best = product * product / square
        scale = product / square
      }
    }
    for end in [levels.low, levels.high] {
      for candidate in -Self.candidates...Self.candidates {
        consider((end + Float(candidate) * levels.step) / peak)
      }
    }
    for _ in 0..<2 where scale != 0 { consider(1 / scale) }
    return scale
  }

  /// The sums of level × weight and of level², where levels are nearest to `inverse` × weight.
  @inline(__always)
  private func sums(_ group: WeightGroup, _ inverse: Float) -> (product: Float, square: Float) {
    var (product, square) = (Lanes(), Lanes())
    for index in 0..<group.vectorCount {
      let weights = group[index]
      let level = levels.nearest(weights * inverse)
      product += level * weights
      square += level * level
    }
    return (product.sum(), square.sum())
  }

  /// The squared error with that scale.
  @inline(__always)
  func error(_ group: WeightGroup, _ scale: Float) -> Float {
    guard scale != 0 else { return group.squares }
    let inverse = 1 / scale
    var sum = Lanes()
    for index in 0..<group.vectorCount {
      let weights = group[index]
      let difference = weights - levels.nearest(weights * inverse) * scale
      sum += difference * difference
    }
    return sum.sum()
  }

  /// How the weights are stored with that scale, one code for each, to `codes`.
  func store(_ group: WeightGroup, _ scale: Float, _ codes: UnsafeMutablePointer<UInt8>) {
    let inverse = scale == 0 ? 0 : 1 / scale
    for index in 0..<group.vectorCount {
      let nearest = levels.nearest(group[index] * inverse)
      for lane in 0..<16 { codes[16 * index + lane] = levels.code(nearest[lane]) }
    }
  }

  /// The group's scale as half precision keeps it.
  func halfScale(_ group: WeightGroup) -> Float {
    let scale = halfRounded(scale(group))
    // A turn more, because rounding the scale moved the levels.
    let (product, square) = scale == 0 ? (0, 0) : sums(group, 1 / scale)
    let other = square == 0 ? scale : halfRounded(product / square)
    return error(group, other) < error(group, scale) ? other : scale
  }

  /// The scale of a block of 256 and its groups' whole-number scales, at most 16 of them.
  ///
  /// - Parameters:
  ///   - range: what the groups' scales may be; its lower end is the larger in magnitude.
  ///   - scales: room for a number for each group.
  func blockScale(
    _ block: UnsafePointer<Float>, groupLength: Int, range: ClosedRange<Float>,
    _ scales: UnsafeMutablePointer<Float>
  ) -> Float {
    let groups = (0..<256 / groupLength).map {
      WeightGroup(base: block + $0 * groupLength, vectorCount: groupLength / 16)
    }
    let wanted = groups.map(scale)
    let peak = wanted.max { abs($0) < abs($1) } ?? 0
    var unit = halfRounded(peak / range.lowerBound)
    var (best, bestUnit): (Float, Float) = (.infinity, 0)
    var found = [Float](repeating: 0, count: groups.count)
    for _ in 0..<3 where unit != 0 {
      var (error, product, square): (Float, Float, Float) = (0, 0, 0)
      for (index, group) in groups.enumerated() {
        let (scale, least) = groupScale(group, wanted[index], unit, range)
        found[index] = scale
        error += least
        let (p, s) = scale == 0 ? (0, 0) : sums(group, 1 / (scale * unit))
        product += p * scale
        square += s * scale * scale
      }
      if error < best {
        (best, bestUnit) = (error, unit)
        for index in groups.indices { scales[index] = found[index] }
      }
      guard square > 0 else { break }
      unit = halfRounded(product / square)
    }
    if bestUnit == 0 { for index in groups.indices { scales[index] = 0 } }
    return bestUnit
  }

  /// The whole number near `wanted / unit` with the smallest error, and that error.
  @inline(__always)
  private func groupScale(
    _ group: WeightGroup, _ wanted: Float, _ unit: Float, _ range: ClosedRange<Float>
  ) -> (Float, Float) {
    let middle = (wanted / unit).rounded()
    var (best, least): (Float, Float) = (0, .infinity)
    for offset in -1...1 {
      let scale = min(max(middle + Float(offset), range.lowerBound), range.upperBound)
      let error = error(group, scale * unit)
      if error < least { (best, least) = (scale, error) }
    }
    return (best, least)
  }
}
