// What a cache block holds: how a position is written, and how 32 positions become floats again.

import KernelInterface

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

/// The keys of a head's part of a block as floats `[keyLength, 32]`, exactly.
@inline(never)
func unpackKeys(
  _ shape: CacheShape, _ part: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
) {
  let count = shape.keyLength * cacheBlockPositionCount
  switch shape.format {
  case .F16:
    for i in stride(from: 0, to: count, by: 32) {
      store(loadHalves(part + 2 * i), target + i)
      store(loadHalves(part + 2 * i + 32), target + i + 16)
    }
  case .F32:
    for i in stride(from: 0, to: count, by: 16) {
      store((part + 4 * i).loadUnaligned(as: Floats.self), target + i)
    }
  case .Q8_0:
    // A product of a byte and a half is exact.
    let scales = part + shape.keyElementBytes
    for first in stride(from: 0, to: shape.keyLength, by: cacheGroupLength) {
      let scale = scales + first / cacheGroupLength * 64
      let (low, high) = (loadHalves(scale), loadHalves(scale + 32))
      for d in first..<min(first + cacheGroupLength, shape.keyLength) {
        store(floats(loadSignedBytes(part + 32 * d)) * low, target + 32 * d)
        store(floats(loadSignedBytes(part + 32 * d + 16)) * high, target + 32 * d + 16)
      }
    }
  }
}

/// The values of a head's part of a block as floats `[32, stride]`, exactly. `stride` is at least
/// `valueStride`; what is beyond it is left alone.
@inline(never)
func unpackValues(
  _ shape: CacheShape, _ part: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>,
  stride: Int
) {
  let values = part + shape.keyBytes
  let count = shape.valueStride
  switch shape.format {
  case .F16:
    for position in 0..<cacheBlockPositionCount {
      for c in Swift.stride(from: 0, to: count, by: 16) {
        store(loadHalves(values + 2 * (position * count + c)), target + position * stride + c)
      }
    }
  case .F32:
    for position in 0..<cacheBlockPositionCount {
      for c in Swift.stride(from: 0, to: count, by: 16) {
        store(
          (values + 4 * (position * count + c)).loadUnaligned(as: Floats.self),
          target + position * stride + c)
      }
    }
  case .Q8_0:
    let scales = values + shape.valueElementBytes
    for first in Swift.stride(from: 0, to: count, by: cacheGroupLength) {
      let scale = scales + first / cacheGroupLength * 64
      let factors = (loadHalves(scale), loadHalves(scale + 32))
      for position in 0..<cacheBlockPositionCount {
        let factor = position < 16 ? factors.0[position] : factors.1[position - 16]
        for c in Swift.stride(from: first, to: min(first + cacheGroupLength, count), by: 16) {
          store(
            floats(loadSignedBytes(values + position * count + c)) * factor,
            target + position * stride + c)
        }
      }
    }
  }
}
