// Products of unpacked weights whose halves have scales of their own, and bytes of which two products
// fit 16 bits: 8 rows × 32 columns stay in eight of 16 registers, and tokens go by.
//
// Sums of several tokens, the products of a half and their pairs take 32 registers together, so a
// tile of 32 rows × 2 tokens has most of them in memory. Here a token needs its sums once for 32
// columns. Where products of a whole block fit 16 bits, or none, the tile is the faster one.

#if arch(x86_64) && !os(macOS)
  import KernelInterface
  import _Builtin_intrinsics.intel

  /// The sums of eight rows.
  private typealias RowSums = SIMD8<Float>

  /// The most tokens that go by at a time: their activations stay in the first-level cache.
  private let rowTokenCount = 8

  /// The same blocks of up to `rowTokenCount` tokens.
  private struct RowTokens {
    /// The first token's block; it is the first of a group.
    var place: UnsafeRawPointer
    let layout: ActivationLayout
    let count: Int

    /// Calls `body` with each token's number and block.
    @inline(__always)
    func forEach(_ body: (Int, UnsafeRawPointer) -> Void) {
      var (token, group) = (0, place)
      while token < count {
        let end = min(token + ActivationLayout.largestGroup, count)
        var block = group
        repeat {
          body(token, block)
          block += ActivationBlock.stride
          token += 1
        } while token < end
        group += layout.groupBytes
      }
    }

    @inline(__always)
    func advanced(by blocks: Int) -> RowTokens {
      RowTokens(place: place + blocks * layout.blockStride, layout: layout, count: count)
    }
  }

  /// Factors for each half of a block, and one activation scale for several.
  enum RowBlocks<Part: HalvedPart>: UnpackedKind {
    private typealias Tiled = SharedBlocks<HalvedUnpackedPart<Part>>

    @inline(__always) static var blockCount: Int { Tiled.blockCount }
    @inline(__always)
    static func add<let N: Int>(
      _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
      _ parameters: UnpackedParameters
    ) {
      Tiled.add(&sums, block, tokens, parameters)
    }

    @inline(__always)
    static func addWhole(_ run: UnpackedRun) -> Bool {
      let stride = run.call.outputStride * MemoryLayout<Float>.stride
      withUnsafeTemporaryAllocation(of: RowSums.self, capacity: 2 * rowTokenCount) { room in
        let sums = room.baseAddress!
        var token = 0
        while token < run.call.tokenCount {
          let count = min(rowTokenCount, run.call.tokenCount - token)
          run.prefetch(tokens: token..<token + count)
          let tokens = RowTokens(
            place: run.call.activations + run.firstBlock * run.layout.blockStride
              + run.layout.offset(row: token), layout: run.layout, count: count)
          for eight in 0..<(run.isLone ? 2 : 4) {
            // Between two runs of columns sums stay where they go in the end.
            let output = UnsafeMutableRawPointer(run.output(token) + 8 * eight)
            for t in 0..<count {
              let kept = output + t * stride
              sums[t] = run.isFirst ? RowSums(repeating: 0) : kept.loadUnaligned(as: RowSums.self)
            }
            let weights = run.weights + eight / 2 * UnpackedBlock.stride + eight % 2 * 32
            add(weights, run.blockCount, tokens, sums, shares: sums + rowTokenCount)
            for t in 0..<count { (output + t * stride).storeBytes(of: sums[t], as: RowSums.self) }
          }
          token += count
        }
      }
      return true
    }

    /// Adds `count` unpacked blocks of eight rows.
    ///
    /// - Parameters:
    ///   - weights: the rows' first bytes in the first block; the next is two strides behind.
    ///   - sums: `[tokens]`.
    ///   - shares: `[tokens]`, room for what is added before the activations' scale is applied.
    @inline(never)
    private static func add(
      _ weights: UnsafeRawPointer, _ count: Int, _ tokens: RowTokens,
      _ sums: UnsafeMutablePointer<RowSums>, shares: UnsafeMutablePointer<RowSums>
    ) {
      var (block, tokens) = (weights, tokens)
      for _ in 0..<(count / blockCount) {
        for t in 0..<tokens.count { shares[t] = RowSums(repeating: 0) }
        for part in 0..<blockCount {
          let weights = block + 2 * part * UnpackedBlock.stride
          addBlock(weights, tokens.advanced(by: part), shares)
        }
        tokens.forEach { t, activations in
          let scale = broadcastFloat(activations + ActivationBlock.scale).lowHalf
          sums[t] = _mm256_fmadd_ps(shares[t], scale, sums[t])
        }
        block += 2 * blockCount * UnpackedBlock.stride
        tokens = tokens.advanced(by: blockCount)
      }
    }

    @inline(__always)
    private static func addBlock(
      _ block: UnsafeRawPointer, _ tokens: RowTokens, _ shares: UnsafeMutablePointer<RowSums>
    ) {
      var bytes = InlineArray<8, SIMD8<UInt32>>(repeating: SIMD8(repeating: 0))
      unrolled(8) { group in
        bytes[group] = (block + UnpackedBlock.bytes(group)).loadUnaligned(as: SIMD8<UInt32>.self)
      }
      tokens.forEach { t, activations in
        var share = shares[t]
        unrolled(2) { half in
          let start = startOfHalf(activations, half, Part.zeroPoint).lowHalf
          let product = product(start, bytes, 4 * half, activations)
          let scale = (block + UnpackedBlock.scales(half)).loadUnaligned(as: RowSums.self)
          let value = unsafeBitCast(product, to: RowSums.self) - IntegerSum.zeroValue
          share = _mm256_fmadd_ps(value, scale, share)
          if Part.zeroPoint == .none {
            let minimum = (block + UnpackedBlock.minimums(half)).loadUnaligned(as: RowSums.self)
            share = _mm256_fmadd_ps(minimum, quantsOfHalf(activations, half).lowHalf, share)
          }
        }
        shares[t] = share
      }
    }

    /// start + Σ byte × quant over the four groups from `first` on.
    @inline(__always)
    private static func product(
      _ start: SIMD8<Int32>, _ bytes: InlineArray<8, SIMD8<UInt32>>, _ first: Int,
      _ activations: UnsafeRawPointer
    ) -> SIMD8<Int32> {
      let paired = min(4, pairedGroupCount(largest: Part.largestByte))
      var sum = start
      var pairs = SIMD16<Int16>(repeating: 0)
      unrolled(4) { i in
        let quants = (activations + 4 * (first + i)).loadUnaligned(as: Int32.self)
        let products = unsafeBitCast(
          _mm256_maddubs_epi16(
            unsafeBitCast(bytes[first + i], to: __m256i.self), _mm256_set1_epi32(quants)),
          to: SIMD16<Int16>.self)
        pairs = i % paired == 0 ? products : pairs &+ products
        if i % paired == paired - 1 {
          sum &+= unsafeBitCast(
            _mm256_madd_epi16(unsafeBitCast(pairs, to: __m256i.self), _mm256_set1_epi16(1)),
            to: SIMD8<Int32>.self)
        }
      }
      return sum
    }
  }
#endif
