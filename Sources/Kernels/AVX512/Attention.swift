// Attention by online softmax over cache blocks; rows of a call share the loads of keys and values.

#if arch(x86_64) && !os(macOS)
  import KernelInterface
  import _Builtin_intrinsics.intel

  /// Attention of query rows that share one key-value head.
  @Sendable
  func attention(_ call: AttentionCall) {
    switch call.shape.format {
    case .F16: walk(call, HalfElement.self)
    case .F32: walk(call, SingleElement.self)
    }
  }

  /// Writes one position into its cache block.
  @Sendable
  func append(
    _ shape: CacheShape, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
    _ block: UnsafeMutableRawPointer, _ slot: Int
  ) {
    let bytes = shape.format.elementBytes
    let keys = block + slot * bytes
    let values = block + shape.keyBytes + slot * shape.valueStride * bytes
    switch shape.format {
    case .F16:
      for d in 0..<shape.keyLength {
        keys.storeBytes(of: half(key[d]), toByteOffset: d * 64, as: UInt16.self)
      }
      for d in 0..<shape.valueLength {
        values.storeBytes(of: half(value[d]), toByteOffset: d * 2, as: UInt16.self)
      }
    case .F32:
      for d in 0..<shape.keyLength {
        keys.storeBytes(of: key[d], toByteOffset: d * 128, as: Float.self)
      }
      for d in 0..<shape.valueLength {
        values.storeBytes(of: value[d], toByteOffset: d * 4, as: Float.self)
      }
    }
  }

  /// The nearest half-precision number, ties to even.
  @inline(__always)
  private func half(_ value: Float) -> UInt16 {
    Float16(value).bitPattern
  }

  private protocol CacheElement {
    static var bytes: Int { get }
    static func load(_ address: UnsafeRawPointer) -> Floats
  }

  private enum HalfElement: CacheElement {
    static var bytes: Int { 2 }
    @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
      loadHalves(address, 0)
    }
  }

  private enum SingleElement: CacheElement {
    static var bytes: Int { 4 }
    @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
      address.loadUnaligned(as: Floats.self)
    }
  }

  /// Cuts the rows into runs that fit the registers.
  @inline(__always)
  private func walk<Element: CacheElement>(_ call: AttentionCall, _ element: Element.Type) {
    let sums = call.scratch
    let weights = sums + attentionRowCount * call.shape.valueStride
    var row = 0
    while row < call.rowCount {
      switch call.rowCount - row {
      case 8...:
        run(call, row, sums, weights, element, InlineArray<8, Floats>.self)
        row += 8
      case 4...:
        run(call, row, sums, weights, element, InlineArray<4, Floats>.self)
        row += 4
      case 3:
        run(call, row, sums, weights, element, InlineArray<3, Floats>.self)
        row += 3
      case 2:
        run(call, row, sums, weights, element, InlineArray<2, Floats>.self)
        row += 2
      default:
        run(call, row, sums, weights, element, InlineArray<1, Floats>.self)
        row += 1
      }
    }
  }

  /// `R` rows. `sums` is `[R, valueStride]`, `weights` `[R, 32]`.
  @inline(__always)
  private func run<let R: Int, Element: CacheElement>(
    _ call: AttentionCall, _ firstRow: Int, _ sums: UnsafeMutablePointer<Float>,
    _ weights: UnsafeMutablePointer<Float>, _ element: Element.Type,
    _ rows: InlineArray<R, Floats>.Type
  ) {
    let stride = call.shape.valueStride
    let starts = call.starts + firstRow
    let ends = call.ends + firstRow
    var maximum = InlineArray<R, Float>(repeating: -.infinity)
    var total = InlineArray<R, Float>(repeating: 0)
    sums.update(repeating: 0, count: R * stride)
    var first = starts[0]
    var last = ends[0]
    for r in 1..<R {
      first = min(first, starts[r])
      last = max(last, ends[r])
    }
    for block in (Int(first) / cacheBlockPositionCount)...(Int(last) / cacheBlockPositionCount) {
      let keys = call.cache + block * call.blockStride
      let base = Int32(block * cacheBlockPositionCount)
      var low = InlineArray<R, Floats>(repeating: _mm512_setzero_ps())
      var high = InlineArray<R, Floats>(repeating: _mm512_setzero_ps())
      let queries = call.queries + firstRow * call.queryStride
      for d in 0..<call.shape.keyLength {
        let a = Element.load(keys + d * 32 * Element.bytes)
        let b = Element.load(keys + d * 32 * Element.bytes + 16 * Element.bytes)
        unrolled(R) { r in
          let q = _mm512_set1_ps(queries[r * call.queryStride + d])
          low[r] = _mm512_fmadd_ps(q, a, low[r])
          high[r] = _mm512_fmadd_ps(q, b, high[r])
        }
      }
      for r in 0..<R {
        let weight = weights + r * 32
        // A row that sees nothing of this block must not be touched by it.
        guard starts[r] < base + 32, ends[r] >= base else {
          weight.update(repeating: 0, count: 32)
          continue
        }
        var a = low[r]
        var b = high[r]
        if call.softCap > 0 {
          let cap = _mm512_set1_ps(call.softCap)
          a = _mm512_mul_ps(cap, hyperbolicTangent(_mm512_div_ps(a, cap)))
          b = _mm512_mul_ps(cap, hyperbolicTangent(_mm512_div_ps(b, cap)))
        }
        let visible = visibleMask(Int(starts[r] - base), Int(ends[r] - base))
        let none = _mm512_set1_ps(-.infinity)
        a = _mm512_mask_mov_ps(none, UInt16(truncatingIfNeeded: visible), a)
        b = _mm512_mask_mov_ps(none, UInt16(truncatingIfNeeded: visible >> 16), b)
        let largest = max(maximum[r], laneMaximum(_mm512_max_ps(a, b)))
        let bound = _mm512_set1_ps(largest)
        let pa = exponential(_mm512_sub_ps(a, bound))
        let pb = exponential(_mm512_sub_ps(b, bound))
        store(_mm512_maskz_mov_ps(UInt16(truncatingIfNeeded: visible), pa), weight, 0)
        store(_mm512_maskz_mov_ps(UInt16(truncatingIfNeeded: visible >> 16), pb), weight, 16)
        let sum = laneSum(_mm512_add_ps(loadFloats(weight, 0), loadFloats(weight, 16)))
        if largest > maximum[r] {
          let shrink = exponential(_mm512_set1_ps(maximum[r] - largest))[0]
          total[r] *= shrink
          let factor = _mm512_set1_ps(shrink)
          for c in Swift.stride(from: 0, to: stride, by: 16) {
            store(_mm512_mul_ps(loadFloats(sums, r * stride + c), factor), sums, r * stride + c)
          }
          maximum[r] = largest
        }
        total[r] += sum
      }
      let values = keys + call.shape.keyBytes
      for c in Swift.stride(from: 0, to: stride, by: 16) {
        var sum = InlineArray<R, Floats>(repeating: _mm512_setzero_ps())
        unrolled(R) { r in sum[r] = loadFloats(sums, r * stride + c) }
        for position in 0..<cacheBlockPositionCount {
          let value = Element.load(values + (position * stride + c) * Element.bytes)
          unrolled(R) { r in
            sum[r] = _mm512_fmadd_ps(
              _mm512_set1_ps(weights[r * 32 + position]), value, sum[r])
          }
        }
        unrolled(R) { r in store(sum[r], sums, r * stride + c) }
      }
    }
    for r in 0..<R {
      let output = call.output + (firstRow + r) * call.outputStride
      let scale = 1 / total[r]
      for c in 0..<call.shape.valueLength { output[c] = sums[r * stride + c] * scale }
    }
  }

  /// Bits of the positions `start...end` of a block, both relative to its first position.
  @inline(__always)
  private func visibleMask(_ start: Int, _ end: Int) -> UInt32 {
    let from: UInt32 = start <= 0 ? .max : .max << UInt32(start)
    let to: UInt32 = end >= 31 ? .max : ~(.max << UInt32(end + 1))
    return from & to
  }
#endif
