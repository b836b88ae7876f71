// Turning stored weights of any format into floats: the plain reading of every GGML format.
//
// `Dequantise+….swift` hold the formats by kind. Each reads whole blocks from bytes that need not be
// aligned. Floats are multiplied and added in the order of GGML's reference code, without fused
// products, so the results are the same bits. Layouts: ggml, `ggml-common.h`; arithmetic: the Python
// package `gguf`, `quants.py`. Only little-endian machines are supported.

public import KernelInterface

/// Writes `elements` floats to `output`, the exact values of the weights stored at `source`.
///
/// - Parameters:
///   - format: a format that ``TensorFormat/holdsWeights``.
///   - source: whole blocks, `format.rowBytes(elements:)` bytes; any alignment.
///   - elements: a multiple of `format.blockElements`; 0 writes nothing.
///   - output: room for `elements` floats, apart from `source`.
public func dequantise(
  _ format: TensorFormat, _ source: UnsafeRawPointer, count elements: Int,
  into output: UnsafeMutablePointer<Float>
) {
  let blocks = elements / format.blockElements
  switch format {
  case .F32: dequantiseF32(source, elements, output)
  case .F16: dequantiseF16(source, elements, output)
  case .BF16: dequantiseBF16(source, elements, output)
  case .Q4_0: dequantiseQ4_0(source, blocks, output)
  case .Q4_1: dequantiseQ4_1(source, blocks, output)
  case .Q5_0: dequantiseQ5_0(source, blocks, output)
  case .Q5_1: dequantiseQ5_1(source, blocks, output)
  case .Q8_0: dequantiseQ8_0(source, blocks, output)
  case .Q4_K: dequantiseQ4_K(source, blocks, output)
  case .Q5_K: dequantiseQ5_K(source, blocks, output)
  case .Q6_K: dequantiseQ6_K(source, blocks, output)
  case .Q2_K: dequantiseQ2_K(source, blocks, output)
  case .Q3_K: dequantiseQ3_K(source, blocks, output)
  case .IQ4_NL: dequantiseIQ4_NL(source, blocks, output)
  case .IQ4_XS: dequantiseIQ4_XS(source, blocks, output)
  case .MXFP4: dequantiseMXFP4(source, blocks, output)
  case .IQ1_S, .IQ1_M, .IQ2_XXS, .IQ2_XS, .IQ2_S, .IQ3_XXS, .IQ3_S, .TQ1_0, .TQ2_0, .NVFP4, .Q1_0,
    .Q2_0:
    readScaledValues(format, source, blocks, FloatSink(output: output))
  case .I8, .I16, .I32, .I64, .F64, .Q8_1, .Q8_K:
    // Not `precondition`, which this target's optimisation takes for granted.
    fatalError("no weights are stored as this format")
  }
}

/// Reads blocks of a format whose weights are a scale times a whole number, and of no other.
@inline(__always)
func readScaledValues(
  _ format: TensorFormat, _ source: UnsafeRawPointer, _ blocks: Int, _ sink: some WeightSink
) {
  switch format {
  case .IQ1_S: readIQ1_S(source, blocks, sink)
  case .IQ1_M: readIQ1_M(source, blocks, sink)
  case .IQ2_XXS: readIQ2_XXS(source, blocks, sink)
  case .IQ2_XS: readIQ2_XS(source, blocks, sink)
  case .IQ2_S: readIQ2_S(source, blocks, sink)
  case .IQ3_XXS: readIQ3_XXS(source, blocks, sink)
  case .IQ3_S: readIQ3_S(source, blocks, sink)
  case .TQ1_0: readTQ1_0(source, blocks, sink)
  case .TQ2_0: readTQ2_0(source, blocks, sink)
  case .NVFP4: readNVFP4(source, blocks, sink)
  case .Q1_0: readQ1_0(source, blocks, sink)
  case .Q2_0: readQ2_0(source, blocks, sink)
  default: break
  }
}

/// The float32 of an IEEE half-precision number's bits, NaN payloads included.
///
/// By integers, because the processors of this path convert no halves, and because subnormal halves
/// must come out right even where the processor treats subnormal floats as zero.
@inline(__always)
func float(half bits: UInt16) -> Float {
  let magnitude = UInt32(bits & 0x7fff)
  // Exponents are rebased from 15 to 127; infinity and NaN move up once more, to 255.
  let rebased = (magnitude << 13) &+ (magnitude < 0x7c00 ? 112 << 23 : 224 << 23)
  let subnormal = (Float(Int32(truncatingIfNeeded: magnitude)) * 0x1p-24).bitPattern
  return Float(
    bitPattern: (magnitude < 0x0400 ? subnormal : rebased) | UInt32(bits & 0x8000) << 16)
}

extension UnsafeRawPointer {
  /// The half-precision number at `offset`, as float32.
  @inline(__always)
  func half(_ offset: Int) -> Float {
    float(half: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}
