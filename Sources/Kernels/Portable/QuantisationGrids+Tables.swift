// The tables of the IQ formats, in the form that reading weights wants.

/// The points of IQ2_XXS: eight bytes each, the first in the lowest bits.
let iq2XXSGrid = eightByteGrid(iq2XXSCodes, values: [8, 25, 43])
/// The points of IQ2_XS.
let iq2XSGrid = eightByteGrid(iq2XSCodes, values: [8, 25, 43])
/// The points of IQ2_S.
let iq2SGrid = eightByteGrid(iq2SCodes, values: [8, 25, 43])
/// The points of IQ1_S and IQ1_M: signed bytes.
let iq1Grid = eightByteGrid(iq1Codes, values: [0xff, 0, 1])
/// The points of IQ3_XXS: four bytes each, the first in the lowest bits.
let iq3XXSGrid = fourByteGrid(iq3XXSCodes, values: [4, 12, 20, 28, 36, 44, 52, 62])
/// The points of IQ3_S.
let iq3SGrid = fourByteGrid(iq3SCodes, values: [1, 3, 5, 7, 9, 11, 13, 15])

/// The signs of eight weights from a 7-bit index: the eighth makes the number of minus signs even.
@inline(__always)
func evenSigns(_ index: UInt32) -> UInt8 {
  let seven = UInt8(truncatingIfNeeded: index & 127)
  return seven | UInt8(truncatingIfNeeded: seven.nonzeroBitCount & 1) << 7
}

private func eightByteGrid(_ codes: [UInt16], values: [UInt64]) -> [UInt64] {
  codes.map { code in
    (0..<8).reduce(0) { $0 | values[Int(code >> (2 * $1) & 3)] << (8 * $1) }
  }
}

private func fourByteGrid(_ codes: [UInt16], values: [UInt32]) -> [UInt32] {
  codes.map { code in
    (0..<4).reduce(0) { $0 | values[Int(code >> (3 * $1) & 7)] << (8 * $1) }
  }
}
