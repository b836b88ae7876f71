// From floats to stored weights: the search for the numbers of a block that are nearest to them.
//
// Every format is a product of scales and small whole numbers, or of scales and a list of levels.
// Rounding to the nearest level is easy where the scales are known, and the best scales are known
// where the levels are chosen (least squares). So several scales are tried, each is improved by
// taking turns, and the one with the smallest squared error is kept. Every weight counts the same.
//
// Layouts: `Kernels/Portable/Dequantise+….swift`, which reads what is written here.

package import KernelInterface

extension TensorFormat {
  /// Whether ``quantise(_:_:count:into:)`` writes it.
  package var canBeQuantisedTo: Bool {
    switch self {
    case .F32, .F16, .BF16, .Q4_0, .Q4_1, .Q5_0, .Q5_1, .Q8_0, .Q2_K, .Q3_K, .Q4_K, .Q5_K, .Q6_K,
      .IQ4_NL, .IQ4_XS:
      true
    default: false
    }
  }
}

/// Stores `elements` weights as whole blocks of `format`.
///
/// Scales are kept within what half precision holds, at most 65,504; weights whose scale is below its
/// smallest number, 6e-8, become 0.
///
/// - Parameters:
///   - format: a format that ``TensorFormat/canBeQuantisedTo``.
///   - input: finite numbers.
///   - elements: a multiple of `format.blockElements`.
///   - output: room for `format.rowBytes(elements:)` bytes; any alignment.
package func quantise(
  _ format: TensorFormat, _ input: UnsafePointer<Float>, count elements: Int,
  into output: UnsafeMutableRawPointer
) {
  precondition(
    elements % format.blockElements == 0, "\(elements) weights are no whole blocks of \(format)")
  let (size, length) = (format.blockBytes, format.blockElements)
  for index in 0..<elements / length {
    let source = input + index * length
    let target = output + index * size
    switch format {
    case .F32: target.storeBytes(of: source[0], as: Float.self)
    case .F16: target.storeBytes(of: halfBits(source[0]), as: UInt16.self)
    case .BF16: target.storeBytes(of: upperHalf(source[0]), as: UInt16.self)
    case .Q4_0: storeQ4_0(source, target)
    case .Q4_1: storeQ4_1(source, target)
    case .Q5_0: storeQ5_0(source, target)
    case .Q5_1: storeQ5_1(source, target)
    case .Q8_0: storeQ8_0(source, target)
    case .IQ4_NL: storeIQ4_NL(source, target)
    case .Q2_K: storeQ2_K(source, target)
    case .Q3_K: storeQ3_K(source, target)
    case .Q4_K: storeQ4_K(source, target)
    case .Q5_K: storeQ5_K(source, target)
    case .Q6_K: storeQ6_K(source, target)
    case .IQ4_XS: storeIQ4_XS(source, target)
    default: preconditionFailure("nothing is quantised to \(format)")
    }
  }
}

/// The bits of the nearest half-precision number, at most 65,504 in magnitude.
@inline(__always)
func halfBits(_ value: Float) -> UInt16 {
  Float16(min(max(value, -65_504), 65_504)).bitPattern
}

/// `value` as half precision keeps it.
@inline(__always)
func halfRounded(_ value: Float) -> Float { Float(Float16(bitPattern: halfBits(value))) }

/// The upper half of a float's bits, rounded to nearest, ties to even.
@inline(__always)
private func upperHalf(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
}
