// What unpacked blocks add of which some share an activation scale.

import KernelInterface

/// Blocks of which some share an activation scale: it is applied once for all of them.
enum SharedBlocks<Part: UnpackedPart>: UnpackedKind {
  @inline(__always) static var blockCount: Int { Part.sharedCount }
  @inline(__always)
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ parameters: UnpackedParameters
  ) {
    var shares = InlineArray<N, Floats>(repeating: Floats(repeating: 0))
    for step in 0..<(Part.sharedCount * Part.stepCount) {
      let index = step / Part.stepCount
      Part.add(
        &shares, block + 2 * index * UnpackedBlock.stride, tokens.advanced(by: index),
        step % Part.stepCount, parameters)
    }
    unrolled(N / 2) { t in
      let scale = broadcastFloat(tokens[t] + ActivationBlock.scale)
      sums[t] = multiplyAdd(shares[t], scale, sums[t])
      sums[N / 2 + t] = multiplyAdd(shares[N / 2 + t], scale, sums[N / 2 + t])
    }
  }
}

/// What one of the blocks that share an activation scale adds, before that is applied.
protocol UnpackedPart {
  /// Blocks that share a scale.
  static var sharedCount: Int { get }
  /// Steps in which a block is added: 2 where its halves have factors of their own. As one step both
  /// would be in registers, and there are not enough.
  static var stepCount: Int { get }
  /// Adds step `step` of a block of both panels.
  static func add<let N: Int>(
    _ shares: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ step: Int, _ parameters: UnpackedParameters)
}

extension UnpackedPart {
  @inline(__always) static var sharedCount: Int { 4 }
  @inline(__always) static var stepCount: Int { 1 }
}

/// Adds scale × integer sum to all shares.
@inline(__always)
private func addScaled<let N: Int>(
  _ shares: inout InlineArray<N, Floats>, _ products: InlineArray<N, Integers>,
  _ block: UnsafeRawPointer, _ half: Int
) {
  let first = loadRow(block + UnpackedBlock.scales(half))
  let second = loadRow(block + UnpackedBlock.stride + UnpackedBlock.scales(half))
  unrolled(N / 2) { t in
    shares[t] = multiplyAdd(integerValue(products[t]), first, shares[t])
    shares[N / 2 + t] = multiplyAdd(integerValue(products[N / 2 + t]), second, shares[N / 2 + t])
  }
}

/// One scale for a block, and a zero point.
enum PlainPart: UnpackedPart {
  @inline(__always)
  static func add<let N: Int>(
    _ shares: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ step: Int, _ parameters: UnpackedParameters
  ) {
    var products: InlineArray<N, Integers> = startingProducts(tokens, parameters.zeroPoint)
    addGroups(&products, block, tokens, 0, 8, parameters)
    addScaled(&shares, products, block, 0)
  }
}

/// One scale and one minimum for a block.
enum PartWithMinimum: UnpackedPart {
  @inline(__always)
  static func add<let N: Int>(
    _ shares: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ step: Int, _ parameters: UnpackedParameters
  ) {
    var products: InlineArray<N, Integers> = startingProducts(tokens, nil)
    addGroups(&products, block, tokens, 0, 8, parameters)
    addScaled(&shares, products, block, 0)
    addMinimums(&shares, block, 0) { t in broadcastFloat(tokens[t] + ActivationBlock.sum) }
  }
}

/// Factors for each half.
enum HalvedUnpackedPart<Part: HalvedPart>: UnpackedPart {
  @inline(__always) static var sharedCount: Int { Part.sharedPartCount }
  @inline(__always) static var stepCount: Int { 2 }
  @inline(__always)
  static func add<let N: Int>(
    _ shares: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ step: Int, _ parameters: UnpackedParameters
  ) {
    var products = InlineArray<N, Integers>(repeating: Integers(repeating: 0))
    unrolled(N / 2) { t in
      let start = startOfHalf(tokens[t], step, Part.zeroPoint)
      products[t] = start
      products[N / 2 + t] = start
    }
    addGroups(
      &products, block, tokens, 4 * step, parameters.halfGroupCount, parameters)
    addScaled(&shares, products, block, step)
    if Part.zeroPoint == .none {
      addMinimums(&shares, block, step) { t in quantsOfHalf(tokens[t], step) }
    }
  }
}
