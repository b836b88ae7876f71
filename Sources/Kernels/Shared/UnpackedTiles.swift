// Products of weights that were unpacked once for many tokens: 32 rows × up to 6 tokens in registers.
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
  /// Tokens whose sums the registers hold, even.
  static var tokenCount: Int { get }
  /// Adds a block of both panels. Products of plain blocks begin with the activations' word at
  /// `zeroPoint`; other kinds know what theirs begin with.
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    zeroPoint: Int)
}

/// Adds the bytes of `groups` × quants to `products`: as they are, so only where `wideZeroPoint` says
/// that products take bytes of eight bits so.
@inline(__always)
private func addGroups<let N: Int>(
  _ products: inout InlineArray<N, Integers>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
  _ groups: Range<Int>
) {
  for group in groups {
    let first = loadWords(block + UnpackedBlock.bytes(group))
    let second = loadWords(block + UnpackedBlock.stride + UnpackedBlock.bytes(group))
    unrolled(N / 2) { t in
      let quants = tokens[t] + 4 * group
      products[t] = dotWide(products[t], first, quants)
      products[N / 2 + t] = dotWide(products[N / 2 + t], second, quants)
    }
  }
}

/// Products that begin with the blocks' word at `offset`, or at 0 where there is none.
@inline(__always)
private func startingProducts<let N: Int>(
  _ tokens: TokenBlocks<2>, _ offset: Int?
) -> InlineArray<N, Integers> {
  var products = InlineArray<N, Integers>(repeating: Integers(repeating: IntegerSum.zero))
  if let offset {
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

/// One scale for a block, and a zero point.
enum PlainBlocks: UnpackedKind {
  @inline(__always) static var tokenCount: Int { 6 }
  @inline(__always)
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    zeroPoint: Int
  ) {
    var products: InlineArray<N, Integers> = startingProducts(tokens, zeroPoint)
    addGroups(&products, block, tokens, 0..<8)
    addScaled(&sums, products, block, 0, tokens)
  }
}

/// One scale and one minimum for a block.
enum BlocksWithMinimum: UnpackedKind {
  @inline(__always) static var tokenCount: Int { 6 }
  @inline(__always)
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    zeroPoint: Int
  ) {
    var products: InlineArray<N, Integers> = startingProducts(tokens, nil)
    addGroups(&products, block, tokens, 0..<8)
    addScaled(&sums, products, block, 0, tokens)
    let first = loadRow(block + UnpackedBlock.minimums(0))
    let second = loadRow(block + UnpackedBlock.stride + UnpackedBlock.minimums(0))
    unrolled(N / 2) { t in
      let sum = broadcastFloat(tokens[t] + ActivationBlock.scaledSum)
      sums[t] = multiplyAdd(first, sum, sums[t])
      sums[N / 2 + t] = multiplyAdd(second, sum, sums[N / 2 + t])
    }
  }
}

/// Factors for each half.
enum HalvedBlocks<Part: HalvedPart>: UnpackedKind {
  @inline(__always) static var tokenCount: Int { 4 }
  @inline(__always)
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    zeroPoint: Int
  ) {
    var halves = InlineArray<N, Floats>(repeating: Floats(repeating: 0))
    addHalf(&halves, block, 0, tokens)
    addHalf(&halves, block, 1, tokens)
    unrolled(N / 2) { t in
      let scale = broadcastFloat(tokens[t] + ActivationBlock.scale)
      sums[t] = multiplyAdd(halves[t], scale, sums[t])
      sums[N / 2 + t] = multiplyAdd(halves[N / 2 + t], scale, sums[N / 2 + t])
    }
  }

  @inline(__always)
  private static func addHalf<let N: Int>(
    _ halves: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ half: Int,
    _ tokens: TokenBlocks<2>
  ) {
    var products = InlineArray<N, Integers>(repeating: Integers(repeating: 0))
    unrolled(N / 2) { t in
      let start = startOfHalf(tokens[t], half, Part.zeroPoint)
      products[t] = start
      products[N / 2 + t] = start
    }
    addGroups(&products, block, tokens, 4 * half..<4 * half + 4)
    let other = block + UnpackedBlock.stride
    let first = loadRow(block + UnpackedBlock.scales(half))
    let second = loadRow(other + UnpackedBlock.scales(half))
    unrolled(N / 2) { t in
      let (a, b) = (integerValue(products[t]), integerValue(products[N / 2 + t]))
      halves[t] = half == 0 ? a * first : multiplyAdd(a, first, halves[t])
      halves[N / 2 + t] = half == 0 ? b * second : multiplyAdd(b, second, halves[N / 2 + t])
      if Part.zeroPoint == .none {
        let quants = quantsOfHalf(tokens[t], half)
        halves[t] = multiplyAdd(
          quants, loadRow(block + UnpackedBlock.minimums(half)), halves[t])
        halves[N / 2 + t] = multiplyAdd(
          quants, loadRow(other + UnpackedBlock.minimums(half)), halves[N / 2 + t])
      }
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
  _ weights: UnsafeRawPointer, _ blockCount: Int, _ tokens: TokenBlocks<2>, zeroPoint: Int,
  _ target: UnpackedTarget, _ kind: K.Type, _ size: InlineArray<N, Floats>.Type
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
  for _ in 0..<blockCount {
    K.add(&sums, block, tokens, zeroPoint: zeroPoint)
    block += 2 * UnpackedBlock.stride
    tokens.advance()
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
