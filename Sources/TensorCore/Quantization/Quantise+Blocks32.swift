// Storing blocks of 32 weights with one scale, and for `_1` one minimum.

/// A block of 32 as a group.
@inline(__always)
private func whole(_ source: UnsafePointer<Float>) -> WeightGroup {
  WeightGroup(base: source, vectorCount: 2)
}

/// Calls `body` with room for `count` codes.
@inline(__always)
func withCodes(_ count: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void) {
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { body($0.baseAddress!) }
}

func storeQ4_0(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  storeNibbles(source, ScaleSearch(levels: IntegerLevels(low: -8, high: 7)), block)
}

func storeIQ4_NL(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  storeNibbles(source, ScaleSearch(levels: ListLevels.iq4), block)
}

@inline(__always)
private func storeNibbles(
  _ source: UnsafePointer<Float>, _ search: ScaleSearch<some Levels>,
  _ block: UnsafeMutableRawPointer
) {
  let scale = search.halfScale(whole(source))
  block.storeBytes(of: halfBits(scale), as: UInt16.self)
  withCodes(32) { codes in
    search.store(whole(source), scale, codes)
    packNibbles(codes, block + 2)
  }
}

func storeQ5_0(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = ScaleSearch(levels: IntegerLevels(low: -16, high: 15))
  let scale = search.halfScale(whole(source))
  block.storeBytes(of: halfBits(scale), as: UInt16.self)
  withCodes(32) { codes in
    search.store(whole(source), scale, codes)
    packFifthBits(codes, block + 2)
    packNibbles(codes, block + 6)
  }
}

func storeQ8_0(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = ScaleSearch(levels: IntegerLevels(low: -127, high: 127))
  let scale = search.halfScale(whole(source))
  block.storeBytes(of: halfBits(scale), as: UInt16.self)
  withCodes(32) { codes in
    search.store(whole(source), scale, codes)
    for i in 0..<32 { block.storeBytes(of: codes[i] &- 127, toByteOffset: 2 + i, as: UInt8.self) }
  }
}

func storeQ4_1(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = MinimumSearch(top: 15, isBelowZero: false)
  let fit = storeFit(search, source, block)
  withCodes(32) { codes in
    search.store(whole(source), fit, codes)
    packNibbles(codes, block + 4)
  }
}

func storeQ5_1(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = MinimumSearch(top: 31, isBelowZero: false)
  let fit = storeFit(search, source, block)
  withCodes(32) { codes in
    search.store(whole(source), fit, codes)
    packFifthBits(codes, block + 4)
    packNibbles(codes, block + 8)
  }
}

@inline(__always)
private func storeFit(
  _ search: MinimumSearch, _ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer
) -> MinimumSearch.Fit {
  let fit = search.halfFit(whole(source))
  block.storeBytes(of: halfBits(fit.scale), as: UInt16.self)
  block.storeBytes(of: halfBits(fit.minimum), toByteOffset: 2, as: UInt16.self)
  return fit
}

/// The low nibbles of 32 codes: 0 to 15 in the low halves of 16 bytes, 16 to 31 in the high ones.
@inline(__always)
func packNibbles(_ codes: UnsafePointer<UInt8>, _ target: UnsafeMutableRawPointer) {
  for i in 0..<16 {
    target.storeBytes(
      of: codes[i] & 15 | codes[16 + i] << 4, toByteOffset: i, as: UInt8.self)
  }
}

/// The fifth bits of 32 codes, as a word.
@inline(__always)
private func packFifthBits(_ codes: UnsafePointer<UInt8>, _ target: UnsafeMutableRawPointer) {
  var word: UInt32 = 0
  for i in 0..<32 { word |= UInt32(codes[i] >> 4 & 1) << UInt32(i) }
  target.storeBytes(of: word, as: UInt32.self)
}
