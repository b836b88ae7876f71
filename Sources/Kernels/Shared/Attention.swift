// Attention by online softmax over cache blocks; rows of a call share the loads of keys and values.

import KernelInterface

/// Attention of query rows that share one key-value head.
@Sendable
func attention(_ call: AttentionCall) {
  switch call.shape.format {
  case .F16: walk(call, HalfElement.self)
  case .F32: walk(call, SingleElement.self)
  case .Q8_0: walk(call, QuantElement.self)
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
  case .Q8_0:
    quantise(
      key, shape.keyLength, to: keys, distance: cacheBlockPositionCount,
      scales: block + shape.keyElementBytes + slot * shape.format.scaleBytes)
    quantise(
      value, shape.valueLength, to: values, distance: 1,
      scales: block + shape.keyBytes + shape.valueElementBytes + slot * shape.format.scaleBytes)
  }
}

/// Writes `count` values as bytes, `distance` apart, and a scale for each group of them. Finite
/// values stay finite; a group with a NaN becomes NaN.
@inline(__always)
private func quantise(
  _ input: UnsafePointer<Float>, _ count: Int, to quants: UnsafeMutableRawPointer, distance: Int,
  scales: UnsafeMutableRawPointer
) {
  for first in stride(from: 0, to: count, by: cacheGroupLength) {
    let end = min(first + cacheGroupLength, count)
    var largest: Float = 0
    var isNumber = true
    for i in first..<end {
      largest = max(largest, abs(input[i]))
      isNumber = isNumber && !input[i].isNaN
    }
    // The largest scale that half precision holds; and below 4e-37 an inverse is infinite.
    largest = min(largest, 65_504 * 127)
    let inverse: Float = isNumber && largest > 4e-37 ? 127 / largest : 0
    for i in first..<end {
      let value = isNumber ? max(-largest, min(largest, input[i])) : 0
      // The sum with 1.5 · 2^23 has no bits below 1.
      let sum = value * inverse + 12_582_912
      quants.storeBytes(
        of: UInt8(truncatingIfNeeded: sum.bitPattern), toByteOffset: i * distance, as: UInt8.self)
    }
    scales.storeBytes(
      of: half(isNumber ? largest / 127 : .nan),
      toByteOffset: first / cacheGroupLength * 2 * cacheBlockPositionCount, as: UInt16.self)
  }
}

private protocol CacheElement {
  static var bytes: Int { get }
  static var hasScales: Bool { get }
  static func load(_ address: UnsafeRawPointer) -> Floats
}

private enum HalfElement: CacheElement {
  static var bytes: Int { 2 }
  static var hasScales: Bool { false }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    loadHalves(address)
  }
}

private enum SingleElement: CacheElement {
  static var bytes: Int { 4 }
  static var hasScales: Bool { false }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    address.loadUnaligned(as: Floats.self)
  }
}

private enum QuantElement: CacheElement {
  static var bytes: Int { 1 }
  static var hasScales: Bool { true }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Floats {
    floats(loadSignedBytes(address))
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

/// `R` rows, 8 at most. `sums` is `[R, valueStride]`, `weights` `[R, 32]`, followed by as much for
/// weights times scales.
@inline(__always)
private func run<let R: Int, Element: CacheElement>(
  _ call: AttentionCall, _ firstRow: Int, _ sums: UnsafeMutablePointer<Float>,
  _ weights: UnsafeMutablePointer<Float>, _ element: Element.Type,
  _ rows: InlineArray<R, Floats>.Type
) {
  let stride = call.shape.valueStride
  let lanes = Integers(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  let starts = call.starts + firstRow
  let ends = call.ends + firstRow
  var maximum = SIMD8<Float>(repeating: -.infinity)
  var total = SIMD8<Float>(repeating: 0)
  sums.update(repeating: 0, count: R * stride)
  var first = starts[0]
  var last = ends[0]
  for r in 1..<R {
    first = min(first, starts[r])
    last = max(last, ends[r])
  }
  for block in (Int(first) / cacheBlockPositionCount)...(Int(last) / cacheBlockPositionCount) {
    let keys = UnsafeRawPointer(call.blocks[block] + call.headOffset)
    let base = Int32(block * cacheBlockPositionCount)
    var low = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
    var high = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
    let queries = call.queries + firstRow * call.queryStride
    let length = call.shape.keyLength
    var d = 0
    while d < length {
      // Without scales all of the key is one group.
      let group = d / cacheGroupLength
      let end = Element.hasScales ? min(d + cacheGroupLength, length) : length
      var groupLow = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
      var groupHigh = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
      while d < end {
        let a = Element.load(keys + d * 32 * Element.bytes)
        let b = Element.load(keys + d * 32 * Element.bytes + 16 * Element.bytes)
        unrolled(R) { r in
          let q = Floats(repeating: queries[r * call.queryStride + d])
          groupLow[r] = multiplyAdd(q, a, groupLow[r])
          groupHigh[r] = multiplyAdd(q, b, groupHigh[r])
        }
        d += 1
      }
      if Element.hasScales {
        let scales = keys + call.shape.keyElementBytes + group * 64
        let (a, b) = (loadHalves(scales), loadHalves(scales + 32))
        unrolled(R) { r in
          low[r] = multiplyAdd(groupLow[r], a, low[r])
          high[r] = multiplyAdd(groupHigh[r], b, high[r])
        }
      } else {
        low = groupLow
        high = groupHigh
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
        a = call.softCap * hyperbolicTangent(a / call.softCap)
        b = call.softCap * hyperbolicTangent(b / call.softCap)
      }
      let from = starts[r] - base
      let to = ends[r] - base
      let hiddenLow = (lanes .< from) .| (lanes .> to)
      let hiddenHigh = (lanes .< from - 16) .| (lanes .> to - 16)
      a = a.replacing(with: -.infinity, where: hiddenLow)
      b = b.replacing(with: -.infinity, where: hiddenHigh)
      let largest = max(maximum[r], laneMaximum(larger(a, b)))
      let pa = exponential(a - largest).replacing(with: 0, where: hiddenLow)
      let pb = exponential(b - largest).replacing(with: 0, where: hiddenHigh)
      store(pa, weight)
      store(pb, weight + 16)
      if largest > maximum[r] {
        let shrink = exponential(Floats(repeating: maximum[r] - largest))
        total[r] *= shrink[0]
        for c in Swift.stride(from: 0, to: stride, by: 16) {
          let place = sums + r * stride + c
          store(loadFloats(place) * shrink, place)
        }
        maximum[r] = largest
      }
      total[r] += laneSum(pa + pb)
    }
    let values = keys + call.shape.keyBytes
    let factors = Element.hasScales ? weights + attentionRowCount * 32 : weights
    for c in Swift.stride(from: 0, to: stride, by: 16) {
      if Element.hasScales, c % cacheGroupLength == 0 {
        let scales = values + call.shape.valueElementBytes + c / cacheGroupLength * 64
        let (a, b) = (loadHalves(scales), loadHalves(scales + 32))
        for r in 0..<R {
          store(loadFloats(weights + r * 32) * a, factors + r * 32)
          store(loadFloats(weights + r * 32 + 16) * b, factors + r * 32 + 16)
        }
      }
      var sum = InlineArray<R, Floats>(repeating: Floats(repeating: 0))
      unrolled(R) { r in sum[r] = loadFloats(sums + r * stride + c) }
      for position in 0..<cacheBlockPositionCount {
        let value = Element.load(values + (position * stride + c) * Element.bytes)
        unrolled(R) { r in
          sum[r] = multiplyAdd(
            Floats(repeating: factors[r * 32 + position]), value, sum[r])
        }
      }
      unrolled(R) { r in store(sum[r], sums + r * stride + c) }
    }
  }
  for r in 0..<R {
    let output = call.output + (firstRow + r) * call.outputStride
    let scale = 1 / total[r]
    for c in 0..<call.shape.valueLength { output[c] = sums[r * stride + c] * scale }
  }
}
