// Kernels over one row: quantisation, RMS norm, gated activations.

import KernelInterface

/// Quantises a row into activation blocks.
@Sendable
func quantise(
  _ input: UnsafePointer<Float>, _ columns: Int, _ scaling: ActivationScaling,
  _ output: UnsafeMutableRawPointer, _ blockStride: Int
) {
  let count = columns / blockElementCount
  guard count > 0 else { return }
  // A scale is long in coming: the next four are on their way while these blocks are quantised.
  var scales = blockScales(input, 0, count, scaling)
  for first in stride(from: 0, to: count, by: 4) {
    let next = blockScales(input, min(first + 4, count - 1), count, scaling)
    for index in 0..<min(4, count - first) {
      let block = first + index
      quantiseBlock(
        input + block * blockElementCount, scales[index], output + block * blockStride)
    }
    scales = next
  }
}

/// The scales of four blocks from `first` on; where there are fewer, the last's stands for the rest.
@inline(__always)
private func blockScales(
  _ input: UnsafePointer<Float>, _ first: Int, _ count: Int, _ scaling: ActivationScaling
) -> InlineArray<4, QuantumScale> {
  let largest = InlineArray<4, Floats> { index in
    magnitudes(input + min(first + index, count - 1) * blockElementCount)
  }
  switch scaling {
  case .block: return InlineArray { index in QuantumScale(largest: laneMaximum(largest[index])) }
  case .fourBlocks:
    let all = larger(larger(largest[0], largest[1]), larger(largest[2], largest[3]))
    return InlineArray(repeating: QuantumScale(largest: laneMaximum(all)))
  }
}

/// What a quantum is, and its inverse.
private struct QuantumScale {
  let quantum: Float
  let inverse: Float

  @inline(__always)
  init(largest: Float) {
    // Below this a quantum's inverse is infinite, and above all numbers the block holds none.
    let hasScale = largest > 4e-37 && largest < .infinity
    quantum = hasScale ? largest / 127 : 0
    inverse = hasScale ? 127 / largest : 0
  }
}

/// The larger magnitudes of the two halves of a block.
@inline(__always)
private func magnitudes(_ values: UnsafePointer<Float>) -> Floats {
  larger(magnitude(loadFloats(values)), magnitude(loadFloats(values + 16)))
}

@inline(__always)
private func quantiseBlock(
  _ values: UnsafePointer<Float>, _ scale: QuantumScale, _ block: UnsafeMutableRawPointer
) {
  let lowQuants = roundedIntegers(loadFloats(values) * scale.inverse)
  let highQuants = roundedIntegers(loadFloats(values + 16) * scale.inverse)
  block.storeBytes(
    of: narrowed(lowQuants), toByteOffset: ActivationBlock.quants,
    as: SIMD16<Int8>.self)
  block.storeBytes(
    of: narrowed(highQuants), toByteOffset: ActivationBlock.quants + 16,
    as: SIMD16<Int8>.self)
  let lowSum = lowQuants.wrappedSum()
  let highSum = highQuants.wrappedSum()
  let sum = lowSum &+ highSum
  block.storeBytes(of: scale.quantum, toByteOffset: ActivationBlock.scale, as: Float.self)
  block.storeBytes(
    of: scale.quantum * Float(sum), toByteOffset: ActivationBlock.scaledSum, as: Float.self)
  block.storeBytes(of: Float(sum), toByteOffset: ActivationBlock.sum, as: Float.self)
  @inline(__always) func storeStart(_ sum: Int32, _ zeroPoint: Int32, _ offset: Int) {
    block.storeBytes(
      of: IntegerSum.zero &- zeroPoint &* sum, toByteOffset: offset, as: Int32.self)
  }
  storeStart(sum, 8, ActivationBlock.zeroPoint8)
  storeStart(sum, 16, ActivationBlock.zeroPoint16)
  storeStart(sum, 128, ActivationBlock.zeroPoint128)
  storeStart(lowSum, 32, ActivationBlock.lowZeroPoint32)
  storeStart(highSum, 32, ActivationBlock.highZeroPoint32)
}

/// The `count` values at `address`, fewer than 16, and zeros.
@inline(never)
private func loadTail(_ address: UnsafePointer<Float>, _ count: Int) -> Floats {
  var result = Floats(repeating: 0)
  for i in 0..<count { result[i] = address[i] }
  return result
}

@inline(never)
private func storeTail(_ value: Floats, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in 0..<count { address[i] = value[i] }
}

/// `output = input / rms × weight`.
@Sendable
func rmsNorm(
  _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ count: Int, _ epsilon: Float,
  _ output: UnsafeMutablePointer<Float>
) {
  let whole = count / 16 * 16
  let rest = count - whole
  var squares = Floats(repeating: 0)
  for i in stride(from: 0, to: whole, by: 16) {
    let x = loadFloats(input + i)
    squares = multiplyAdd(x, x, squares)
  }
  if rest > 0 {
    let x = loadTail(input + whole, rest)
    squares = multiplyAdd(x, x, squares)
  }
  let mean = laneSum(squares) / Float(count)
  let scale = 1 / squareRoot(Floats(repeating: mean + epsilon))
  for i in stride(from: 0, to: whole, by: 16) {
    store(loadFloats(input + i) * scale * loadFloats(weight + i), output + i)
  }
  if rest > 0 {
    let x = loadTail(input + whole, rest) * scale * loadTail(weight + whole, rest)
    storeTail(x, output + whole, rest)
  }
}

/// `gate = activation(gate) × up`.
@Sendable
func gatedActivation(
  _ activation: Activation, _ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>,
  _ count: Int
) {
  switch activation {
  case .silu: multiply(gate, by: up, count) { x in x * logistic(x) }
  case .geluTanh: multiply(gate, by: up, count, geluTanh)
  case .gelu: multiply(gate, by: up, count, gelu)
  case .clampedSwish: multiply(gate, by: up, count, clampedSwish, others: clampedAndOne)
  case .relu: multiply(gate, by: up, count) { x in larger(x, Floats(repeating: 0)) }
  }
}

/// x/2 (1 + tanh u) = x · logistic(2 u), u = √(2/π) (x + 0.044715 x³)
@inline(__always)
private func geluTanh(_ x: Floats) -> Floats {
  let inner = multiplyAdd(x * x * x, Floats(repeating: 0.044715), x)
  return x * logistic(1.595_769_1 * inner)
}

/// max(x, 0) - |x|/2 erfc(|x|/√2), where erfc(z) is exp(-z²) times a polynomial of
/// 1 / (1 + 0.3275911 z) (Abramowitz and Stegun 7.1.26).
@inline(__always)
private func gelu(_ x: Floats) -> Floats {
  // Behind it erfc is 0.
  let size = smaller(magnitude(x), Floats(repeating: 14))
  let t = 1 / multiplyAdd(size, Floats(repeating: 0.231_641_9), Floats(repeating: 1))
  var p = Floats(repeating: 1.061_405_43)
  p = multiplyAdd(p, t, Floats(repeating: -1.453_152_03))
  p = multiplyAdd(p, t, Floats(repeating: 1.421_413_74))
  p = multiplyAdd(p, t, Floats(repeating: -0.284_496_74))
  p = multiplyAdd(p, t, Floats(repeating: 0.254_829_59))
  let tail = p * t * exponentialOfNegative(size * size * -0.5)
  return larger(x, Floats(repeating: 0)) - 0.5 * size * tail
}

@inline(__always)
private func clampedSwish(_ x: Floats) -> Floats {
  let x = smaller(x, Floats(repeating: 7))
  return x * logistic(1.702 * x)
}

@inline(__always)
private func clampedAndOne(_ x: Floats) -> Floats {
  larger(smaller(x, Floats(repeating: 7)), Floats(repeating: -7)) + 1
}

@inline(__always)
private func multiply(
  _ gate: UnsafeMutablePointer<Float>, by up: UnsafePointer<Float>, _ count: Int,
  _ activated: (Floats) -> Floats, others: (Floats) -> Floats = { $0 }
) {
  let whole = count / 16 * 16
  for i in stride(from: 0, to: whole, by: 16) {
    store(activated(loadFloats(gate + i)) * others(loadFloats(up + i)), gate + i)
  }
  let rest = count - whole
  if rest > 0 {
    let x = activated(loadTail(gate + whole, rest)) * others(loadTail(up + whole, rest))
    storeTail(x, gate + whole, rest)
  }
}
