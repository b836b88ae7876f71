// Weights stored as plain floats.

func dequantiseF32(_ source: UnsafeRawPointer, _ count: Int, _ output: UnsafeMutablePointer<Float>)
{
  UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: count * 4)
}

func dequantiseF16(_ source: UnsafeRawPointer, _ count: Int, _ output: UnsafeMutablePointer<Float>)
{
  for i in 0..<count { output[i] = source.half(2 * i) }
}

/// BF16 is the upper half of a float32.
func dequantiseBF16(_ source: UnsafeRawPointer, _ count: Int, _ output: UnsafeMutablePointer<Float>)
{
  for i in 0..<count {
    let bits = source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
    output[i] = Float(bitPattern: UInt32(bits) << 16)
  }
}
