// What one unpacked block adds to the sums of a tile: bytes × quants, then factors.

import KernelInterface

/// Adds the bytes of `count` groups from `first` on × quants to `products`.
@inline(__always)
func addGroups<let N: Int>(
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
func addPairedGroups<let N: Int>(
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
func startingProducts<let N: Int>(
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
func loadRow(_ address: UnsafeRawPointer) -> Floats {
  address.loadUnaligned(as: Floats.self)
}

/// Adds scale × activation scale × integer sum to all sums.
@inline(__always)
func addScaled<let N: Int>(
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
func addMinimums<let N: Int>(
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
