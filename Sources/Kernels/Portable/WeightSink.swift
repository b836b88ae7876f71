// Where formats whose weights are a scale times a whole number are read into.

/// Takes weights one by one.
protocol WeightSink {
  /// The weight at `index` is scale × value, value in -127...127.
  func take(_ index: Int, _ scale: Float, _ value: Int32)
}

/// Writes the weights.
struct FloatSink: WeightSink {
  let output: UnsafeMutablePointer<Float>

  @inline(__always)
  func take(_ index: Int, _ scale: Float, _ value: Int32) { output[index] = scale * Float(value) }
}

/// Writes the numbers, and the scales for 16 weights at a time.
struct ValueSink: WeightSink {
  let values: UnsafeMutablePointer<Int8>
  let scales: UnsafeMutablePointer<Float>

  @inline(__always)
  func take(_ index: Int, _ scale: Float, _ value: Int32) {
    values[index] = Int8(truncatingIfNeeded: value)
    scales[index / 16] = scale
  }
}
