// Products of weights that were unpacked once for many tokens: 32 rows × 2 to 6 tokens in registers.
//
// A tile of one panel waits for its activations: every product reads one, and processors read as many
// vectors a cycle as they multiply. Here an activation that was read serves two panels.

import KernelInterface

/// 32 columns of a panel, unpacked: bytes as products take them, factors as floats. The same columns
/// of the second panel follow, then the first panel's next.
enum UnpackedBlock {
  /// Bytes from a block to the other panel's.
  static let stride = 768
  /// The bytes of group 0...7: four columns of each row.
  @inline(__always) static func bytes(_ group: Int) -> Int { 64 * group }
  /// Float[16]: the rows' scales; of half 0 or 1 where halves have their own.
  @inline(__always) static func scales(_ half: Int) -> Int { 512 + 128 * half }
  /// Float[16]: the rows' minimums.
  @inline(__always) static func minimums(_ half: Int) -> Int { 576 + 128 * half }
}

/// How an unpacked block is multiplied. Sums of the first panel stand before those of the second.
/// Each adds in the order of the tile that unpacks as it goes.
protocol UnpackedKind {
  /// Blocks that are added at a time.
  static var blockCount: Int { get }
  /// Adds `blockCount` blocks of both panels.
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ parameters: UnpackedParameters)
}

/// What tiles learn at run time.
struct UnpackedParameters {
  /// Where activation blocks keep the word that products of plain blocks begin with.
  let zeroPoint: Int
  /// Groups of a half, where halves have scales of their own: 4. The compiler must not know it: it would
  /// unroll them, read them all at once, and keep sums in memory for lack of registers.
  let halfGroupCount: Int
  /// Groups whose products are added as pairs before they are widened; 1 where none are.
  let pairedGroupCount: Int
}

/// Adds the bytes of `count` groups from `first` on × quants to `products`.
@inline(__always)
private func addGroups<let N: Int>(
  _ products: inout InlineArray<N, Integers>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
  _ first: Int, _ count: Int, _ parameters: UnpackedParameters
) {
  if loopsOverGroups, parameters.pairedGroupCount > 1 {
    return addPairedGroups(&products, block, tokens, first..<first + count, parameters)
  }
  for group in first..<first + count {
    // As they are, so only where products take bytes of eight bits so.
    let first = loadWords(block + UnpackedBlock.bytes(group))
    let second = loadWords(block + UnpackedBlock.stride + UnpackedBlock.bytes(group))
    unrolled(N / 2) { t in
      let quants = tokens[t] + 4 * group
      products[t] = dotWide(products[t], first, quants)
      products[N / 2 + t] = dotWide(products[N / 2 + t], second, quants)
    }
  }
}

/// As above, by pairs. How many groups make one is not known to the compiler, which would write the
/// loops out.
@inline(__always)
private func addPairedGroups<let N: Int>(
  _ products: inout InlineArray<N, Integers>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
  _ groups: Range<Int>, _ parameters: UnpackedParameters
) {
  var group = groups.lowerBound
  while group < groups.upperBound {
    var pairs = InlineArray<N, Pairs>(repeating: noPairs)
    let end = min(group + parameters.pairedGroupCount, groups.upperBound)
    repeat {
      let first = loadWords(block + UnpackedBlock.bytes(group))
      let second = loadWords(block + UnpackedBlock.stride + UnpackedBlock.bytes(group))
      unrolled(N / 2) { t in
        let quants = tokens[t] + 4 * group
        pairs[t] = adding(first, quants, to: pairs[t])
        pairs[N / 2 + t] = adding(second, quants, to: pairs[N / 2 + t])
      }
      group += 1
    } while group < end
    widen(&pairs, into: &products)
  }
}

/// Products that begin with the blocks' word at `offset`, or at 0 where there is none; 0 is none too, where
/// wide bytes have no zero point.
@inline(__always)
private func startingProducts<let N: Int>(
  _ tokens: TokenBlocks<2>, _ offset: Int?
) -> InlineArray<N, Integers> {
  var products = InlineArray<N, Integers>(repeating: Integers(repeating: IntegerSum.zero))
  if let offset, wideZeroPoint != nil || offset != 0 {
    unrolled(N / 2) { t in
      let start = broadcastInteger(tokens[t] + offset)
      products[t] = start
      products[N / 2 + t] = start
    }
  }
  return products
}

@inline(__always)
private func loadRow(_ address: UnsafeRawPointer) -> Floats {
  address.loadUnaligned(as: Floats.self)
}

/// Adds scale × activation scale × integer sum to all sums.
@inline(__always)
private func addScaled<let N: Int>(
  _ sums: inout InlineArray<N, Floats>, _ products: InlineArray<N, Integers>,
  _ block: UnsafeRawPointer, _ half: Int, _ tokens: TokenBlocks<2>
) {
  let first = loadRow(block + UnpackedBlock.scales(half))
  let second = loadRow(block + UnpackedBlock.stride + UnpackedBlock.scales(half))
  unrolled(N / 2) { t in
    let scale = broadcastFloat(tokens[t] + ActivationBlock.scale)
    sums[t] = multiplyAdd(integerValue(products[t]), first * scale, sums[t])
    sums[N / 2 + t] = multiplyAdd(
      integerValue(products[N / 2 + t]), second * scale, sums[N / 2 + t])
  }
}

/// Adds minimum × a token's factor to all sums.
@inline(__always)
private func addMinimums<let N: Int>(
  _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ half: Int,
  _ factor: (_ token: Int) -> Floats
) {
  let first = loadRow(block + UnpackedBlock.minimums(half))
  let second = loadRow(block + UnpackedBlock.stride + UnpackedBlock.minimums(half))
  unrolled(N / 2) { t in
    let factor = factor(t)
    sums[t] = multiplyAdd(first, factor, sums[t])
    sums[N / 2 + t] = multiplyAdd(second, factor, sums[N / 2 + t])
  }
}

/// One scale for a block, and a zero point.
enum PlainBlocks: UnpackedKind {
  @inline(__always) static var blockCount: Int { 1 }
  @inline(__always)
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ parameters: UnpackedParameters
  ) {
    var products: InlineArray<N, Integers> = startingProducts(tokens, parameters.zeroPoint)
    addGroups(&products, block, tokens, 0, 8, parameters)
    addScaled(&sums, products, block, 0, tokens)
  }
}

/// One scale and one minimum for a block.
enum BlocksWithMinimum: UnpackedKind {
  @inline(__always) static var blockCount: Int { 1 }
  @inline(__always)
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ parameters: UnpackedParameters
  ) {
    var products: InlineArray<N, Integers> = startingProducts(tokens, nil)
    addGroups(&products, block, tokens, 0, 8, parameters)
    addScaled(&sums, products, block, 0, tokens)
    addMinimums(&sums, block, 0) { t in broadcastFloat(tokens[t] + ActivationBlock.scaledSum) }
  }
}

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

/// Where a tile's sums begin and go.
struct UnpackedTarget {
  /// `[tokens, 32]`: sums between two runs of columns.
  let kept: UnsafeMutablePointer<Float>
  /// Whether sums begin at 0, and whether they go to `output` now.
  let isFirst: Bool
  let isLast: Bool
  /// `[tokens, outputStride]`; the second panel's rows stand behind the first's, unless there is none.
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int
  let isLone: Bool
}

/// Adds `blockCount` blocks of both panels for `N` / 2 tokens.
@inline(never)
func addUnpacked<K: UnpackedKind, let N: Int>(
  _ weights: UnsafeRawPointer, _ blockCount: Int, _ tokens: TokenBlocks<2>,
  _ parameters: UnpackedParameters, _ target: UnpackedTarget, _ kind: K.Type,
  _ size: InlineArray<N, Floats>.Type
) {
  var sums = InlineArray<N, Floats>(repeating: Floats(repeating: 0))
  let kept = target.kept
  if !target.isFirst {
    unrolled(N / 2) { t in
      sums[t] = loadFloats(kept + 32 * t)
      sums[N / 2 + t] = loadFloats(kept + 32 * t + 16)
    }
  }
  var block = weights
  var tokens = tokens
  for _ in 0..<(blockCount / K.blockCount) {
    K.add(&sums, block, tokens, parameters)
    block += 2 * K.blockCount * UnpackedBlock.stride
    tokens.advance(by: K.blockCount)
  }
  if target.isLast {
    unrolled(N / 2) { t in
      let output = target.output + t * target.outputStride
      store(sums[t], output)
      if !target.isLone { store(sums[N / 2 + t], output + panelRowCount) }
    }
  } else {
    unrolled(N / 2) { t in
      store(sums[t], kept + 32 * t)
      store(sums[N / 2 + t], kept + 32 * t + 16)
    }
  }
}
