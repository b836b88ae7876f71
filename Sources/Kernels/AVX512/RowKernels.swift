// Kernels over one row: quantisation, RMS norm, gated activations.

#if arch(x86_64) && !os(macOS)
  import KernelInterface
  import _Builtin_intrinsics.intel

  /// Quantises rows into activation blocks.
  @Sendable
  func quantise(
    _ input: UnsafePointer<Float>, _ inputStride: Int, _ rows: Int, _ columns: Int,
    _ output: UnsafeMutableRawPointer
  ) {
    var block = output
    for row in 0..<rows {
      let values = input + row * inputStride
      for column in stride(from: 0, to: columns, by: blockElementCount) {
        quantiseBlock(values + column, block)
        block += ActivationBlock.stride
      }
    }
  }

  @inline(__always)
  private func quantiseBlock(_ values: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
    let low = loadFloats(values, 0)
    let high = loadFloats(values, 16)
    let largest = laneMaximum(_mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high)))
    let inverse = _mm512_set1_ps(largest > 0 ? 127 / largest : 0)
    let lowQuants = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse))
    let highQuants = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse))
    block.storeBytes(
      of: _mm512_cvtsepi32_epi8(lowQuants), toByteOffset: ActivationBlock.quants, as: __m128i.self)
    block.storeBytes(
      of: _mm512_cvtsepi32_epi8(highQuants), toByteOffset: ActivationBlock.quants + 16,
      as: __m128i.self)
    let lowSum = unsafeBitCast(lowQuants, to: SIMD16<Int32>.self).wrappedSum()
    let highSum = unsafeBitCast(highQuants, to: SIMD16<Int32>.self).wrappedSum()
    let sum = lowSum &+ highSum
    let scale = largest / 127
    func put<Value>(_ value: Value, _ offset: Int) {
      block.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }
    put(scale, ActivationBlock.scale)
    put(scale * Float(sum), ActivationBlock.scaledSum)
    put(-8 &* sum, ActivationBlock.zeroPoint8)
    put(-16 &* sum, ActivationBlock.zeroPoint16)
    put(-128 &* sum, ActivationBlock.zeroPoint128)
    put(-32 &* lowSum, ActivationBlock.lowZeroPoint32)
    put(-32 &* highSum, ActivationBlock.highZeroPoint32)
  }

  /// The lanes below `count - index`, for the last vector of a row.
  @inline(__always)
  private func tailMask(_ count: Int, _ index: Int) -> UInt16 {
    count - index >= 16 ? 0xFFFF : (1 << UInt16(count - index)) - 1
  }

  @inline(__always)
  private func load(_ mask: UInt16, _ address: UnsafePointer<Float>, _ index: Int) -> Floats {
    _mm512_maskz_loadu_ps(mask, address + index)
  }

  /// `output = input / rms × weight`.
  @Sendable
  func rmsNorm(
    _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ count: Int, _ epsilon: Float,
    _ output: UnsafeMutablePointer<Float>
  ) {
    var squares = _mm512_setzero_ps()
    for i in stride(from: 0, to: count, by: 16) {
      let x = load(tailMask(count, i), input, i)
      squares = _mm512_fmadd_ps(x, x, squares)
    }
    let scale = _mm512_div_ps(
      _mm512_set1_ps(1), _mm512_sqrt_ps(_mm512_set1_ps(laneSum(squares) / Float(count) + epsilon)))
    for i in stride(from: 0, to: count, by: 16) {
      let mask = tailMask(count, i)
      let x = _mm512_mul_ps(load(mask, input, i), scale)
      _mm512_mask_storeu_ps(output + i, mask, _mm512_mul_ps(x, load(mask, weight, i)))
    }
  }

  /// `gate = activation(gate) × up`.
  @Sendable
  func gatedActivation(
    _ activation: Activation, _ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>,
    _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 16) {
      let mask = tailMask(count, i)
      let x = load(mask, gate, i)
      let argument: Floats
      switch activation {
      case .silu: argument = x
      case .geluTanh:
        // x/2 (1 + tanh u) = x · logistic(2 u)
        let inner = _mm512_fmadd_ps(
          _mm512_mul_ps(_mm512_mul_ps(x, x), x), _mm512_set1_ps(0.044715), x)
        argument = _mm512_mul_ps(_mm512_set1_ps(1.595_769_1), inner)
      }
      let value = _mm512_mul_ps(_mm512_mul_ps(x, logistic(argument)), load(mask, up, i))
      _mm512_mask_storeu_ps(gate + i, mask, value)
    }
  }
#endif
