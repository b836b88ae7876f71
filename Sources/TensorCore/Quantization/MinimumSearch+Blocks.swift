// Blocks of 256 whose groups' scales and minima are whole numbers themselves.

/// What a block of 256 weights of a K format with minima holds: `scale × scales[g]` and
/// `-minimum × minima[g]` for group g.
struct BlockFit {
  var scale: Float = 0
  var minimum: Float = 0
  var scales: [Float]
  var minima: [Float]

  /// What a group's weights are stored with.
  func group(_ index: Int) -> MinimumSearch.Fit {
    MinimumSearch.Fit(scale: scale * scales[index], minimum: -minimum * minima[index])
  }
}

extension MinimumSearch {
  /// The fit of a block of 256 weights.
  ///
  /// - Parameter highest: the largest whole number of a group.
  func blockFit(
    _ block: UnsafePointer<Float>, groupLength: Int, highest: Float
  ) -> BlockFit {
    let groups = (0..<256 / groupLength).map {
      WeightGroup(base: block + $0 * groupLength, vectorCount: groupLength / 16)
    }
    let wanted = groups.map(fit)
    let zeros = [Float](repeating: 0, count: groups.count)
    var best = BlockFit(scales: zeros, minima: zeros)
    var least = Float.infinity
    var trial = best
    trial.scale = halfRounded((wanted.map(\.scale).max() ?? 0) / highest)
    trial.minimum = halfRounded(-(wanted.map(\.minimum).min() ?? 0) / highest)
    for _ in 0..<3 {
      var error: Float = 0
      for (index, group) in groups.enumerated() {
        error += chooseNumbers(group, wanted[index], index, &trial, highest)
      }
      if error < least { (best, least) = (trial, error) }
      guard refit(groups, &trial) else { break }
    }
    return best
  }

  /// Gives group `index` the whole numbers near the wanted fit with the smallest error, and says it.
  private func chooseNumbers(
    _ group: WeightGroup, _ wanted: Fit, _ index: Int, _ block: inout BlockFit, _ highest: Float
  ) -> Float {
    let scale = block.scale == 0 ? 0 : (wanted.scale / block.scale).rounded()
    let minimum = block.minimum == 0 ? 0 : (-wanted.minimum / block.minimum).rounded()
    var least = Float.infinity
    var best: (Float, Float) = (0, 0)
    for scaleOffset in -1...1 {
      for minimumOffset in -1...1 {
        let s = min(max(scale + Float(scaleOffset), 0), highest)
        let m = min(max(minimum + Float(minimumOffset), 0), highest)
        let error = error(group, Fit(scale: block.scale * s, minimum: -block.minimum * m))
        if error < least {
          least = error
          best = (s, m)
        }
      }
    }
    (block.scales[index], block.minima[index]) = best
    return least
  }

  /// The block's scale and minimum by least squares for the levels and whole numbers it has now;
  /// false where they stay.
  private func refit(_ groups: [WeightGroup], _ block: inout BlockFit) -> Bool {
    // Weights are scale × a - minimum × b, a the level times the group's scale, b the group's minimum.
    var (aa, ab, bb, aw, bw): (Double, Double, Double, Double, Double) = (0, 0, 0, 0, 0)
    for (index, group) in groups.enumerated() {
      let fit = block.group(index)
      let inverse = fit.scale == 0 ? 0 : 1 / fit.scale
      let b = Double(block.minima[index])
      for part in 0..<group.vectorCount {
        let weights = group[part]
        let a =
          clamped(rounded((weights - fit.minimum) * inverse), 0, top) * block.scales[index]
        aa += Double((a * a).sum())
        ab += Double(a.sum()) * b
        aw += Double((a * weights).sum())
        bw += Double(weights.sum()) * b
      }
      bb += Double(group.count) * b * b
    }
    let determinant = aa * bb - ab * ab
    var (scale, minimum): (Double, Double)
    if determinant > 1e-9 * aa * bb {
      scale = (aw * bb - bw * ab) / determinant
      minimum = (aw * ab - bw * aa) / determinant
    } else {
      guard aa > 0 else { return false }
      (scale, minimum) = (aw / aa, 0)
    }
    guard scale > 0, minimum >= 0 else { return false }
    let kept = (halfRounded(Float(scale)), halfRounded(Float(minimum)))
    defer { (block.scale, block.minimum) = kept }
    return kept != (block.scale, block.minimum)
  }
}
