// Packing the formats of 32 weights a block.

@inline(__always)
func packQ4_0(_ from: StoredRows, _ to: UnsafeMutableRawPointer) {
  from.copyHalves(0, to: to)
  from.turn(2, count: 4, into: to + 32)
}

@inline(__always)
func packQ4_1(_ from: StoredRows, _ to: UnsafeMutableRawPointer) {
  from.copyHalves(0, to: to)
  from.copyHalves(2, to: to + 32)
  from.turn(4, count: 4, into: to + 64)
}

@inline(__always)
func packQ5_0(_ from: StoredRows, _ to: UnsafeMutableRawPointer) {
  from.copyHalves(0, to: to)
  from.turn(6, count: 4, into: to + 32)
  spreadFifthBits(from.words(2), to + 288)
}

@inline(__always)
func packQ5_1(_ from: StoredRows, _ to: UnsafeMutableRawPointer) {
  from.copyHalves(0, to: to)
  from.copyHalves(2, to: to + 32)
  from.turn(8, count: 4, into: to + 64)
  spreadFifthBits(from.words(4), to + 320)
}

@inline(__always)
func packQ8_0(_ from: StoredRows, _ to: UnsafeMutableRawPointer) {
  from.copyHalves(0, to: to)
  let bytes = to + 32
  from.turn(2, count: 8, into: bytes)
  for group in 0..<8 {
    storeWords(loadWords(bytes + 64 * group) ^ 0x8080_8080, bytes + 64 * group)
  }
}

@inline(__always)
func packMXFP4(_ from: StoredRows, _ to: UnsafeMutableRawPointer) {
  for row in 0..<16 { to.storeBytes(of: from[row].byte(0), toByteOffset: row, as: UInt8.self) }
  from.turn(1, count: 4, into: to + 16)
}

/// Puts bit `4 g + c` of lane `r` at bit `4 r + c` of mask `g`.
@inline(__always)
private func spreadFifthBits(_ bits: Words, _ to: UnsafeMutableRawPointer) {
  for group in 0..<8 {
    let four = bits &>> UInt32(truncatingIfNeeded: 4 * group) & 15
    // Bit `c` becomes the lowest of byte `c`.
    let spread = four | four &<< 7 | four &<< 14 | four &<< 21
    to.storeBytes(of: lowestBits(spread), toByteOffset: 8 * group, as: UInt64.self)
  }
}
