// Storing blocks of 256 weights in groups with scales of their own.

extension UnsafeMutableRawPointer {
  @inline(__always)
  fileprivate func store(half value: Float, _ offset: Int) {
    storeBytes(of: halfBits(value), toByteOffset: offset, as: UInt16.self)
  }

  /// Sets bits of a byte that are 0.
  @inline(__always)
  fileprivate func set(_ offset: Int, _ bits: UInt8) {
    storeBytes(
      of: load(fromByteOffset: offset, as: UInt8.self) | bits, toByteOffset: offset,
      as: UInt8.self)
  }

  @inline(__always)
  fileprivate func clear(_ count: Int) {
    initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }
}

func storeQ2_K(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = MinimumSearch(top: 3, isBelowZero: true)
  let fit = search.blockFit(source, groupLength: 16, highest: 15)
  block.clear(84)
  block.store(half: fit.scale, 80)
  block.store(half: fit.minimum, 82)
  withCodes(16) { codes in
    for group in 0..<16 {
      block.set(group, UInt8(fit.scales[group]) | UInt8(fit.minima[group]) << 4)
      search.store(
        WeightGroup(base: source + 16 * group, vectorCount: 1), fit.group(group), codes)
      let (half, run, part) = (group / 8, group % 8 / 2, group % 2 * 16)
      for i in 0..<16 { block.set(16 + 32 * half + part + i, codes[i] << UInt8(2 * run)) }
    }
  }
}

func storeQ3_K(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = ScaleSearch(levels: IntegerLevels(low: -4, high: 3))
  block.clear(110)
  storeGroups(search, source, range: -32...31, length: 16) { unit in
    block.store(half: unit, 108)
  } _: { group, scale, codes in
    let stored = UInt8(scale + 32)
    block.set(96 + group % 8, (stored & 15) << UInt8(group / 8 * 4))
    block.set(96 + 8 + group % 4, (stored >> 4) << UInt8(group / 4 * 2))
    let (half, run, part) = (group / 8, group % 8 / 2, group % 2 * 16)
    for i in 0..<16 {
      block.set(32 + 32 * half + part + i, (codes[i] & 3) << UInt8(2 * run))
      block.set(part + i, (codes[i] >> 2) << UInt8(4 * half + run))
    }
  }
}

func storeQ6_K(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = ScaleSearch(levels: IntegerLevels(low: -32, high: 31))
  block.clear(210)
  storeGroups(search, source, range: -128...127, length: 16) { unit in
    block.store(half: unit, 208)
  } _: { group, scale, codes in
    block.set(192 + group, UInt8(bitPattern: Int8(scale)))
    let (half, run, part) = (group / 8, group % 8 / 2, group % 2 * 16)
    for i in 0..<16 {
      block.set(64 * half + 32 * (run % 2) + part + i, (codes[i] & 15) << UInt8(run / 2 * 4))
      block.set(128 + 32 * half + part + i, (codes[i] >> 4) << UInt8(2 * run))
    }
  }
}

func storeIQ4_XS(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  let search = ScaleSearch(levels: ListLevels.iq4)
  block.clear(136)
  storeGroups(search, source, range: -32...31, length: 32) { unit in
    block.store(half: unit, 0)
  } _: { run, scale, codes in
    let stored = UInt8(scale + 32)
    block.set(4 + run / 2, (stored & 15) << UInt8(run % 2 * 4))
    block.set(2 + run / 4, (stored >> 4) << UInt8(run % 4 * 2))
    packNibbles(codes, block + 8 + 16 * run)
  }
}

/// Searches the scales of a block and hands out, first the block's, then each group's with its codes.
@inline(__always)
private func storeGroups(
  _ search: ScaleSearch<some Levels>, _ source: UnsafePointer<Float>,
  range: ClosedRange<Float>, length: Int, _ storeUnit: (Float) -> Void,
  _ storeGroup: (_ group: Int, _ scale: Float, _ codes: UnsafePointer<UInt8>) -> Void
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { scales in
    let scales = scales.baseAddress!
    let unit = search.blockScale(source, groupLength: length, range: range, scales)
    storeUnit(unit)
    withCodes(length) { codes in
      for group in 0..<256 / length {
        search.store(
          WeightGroup(base: source + length * group, vectorCount: length / 16),
          scales[group] * unit, codes)
        storeGroup(group, scales[group], codes)
      }
    }
  }
}

func storeQ4_K(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  block.clear(144)
  storeRuns(source, block, top: 15) { group, codes in
    for i in 0..<32 { block.set(16 + 32 * (group / 2) + i, codes[i] << UInt8(group % 2 * 4)) }
  }
}

func storeQ5_K(_ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer) {
  block.clear(176)
  storeRuns(source, block, top: 31) { group, codes in
    for i in 0..<32 {
      block.set(48 + 32 * (group / 2) + i, (codes[i] & 15) << UInt8(group % 2 * 4))
      block.set(16 + i, (codes[i] >> 4) << UInt8(group))
    }
  }
}

/// The scales and minima that Q4_K and Q5_K share; `storeCodes` gets each group of 32.
@inline(__always)
private func storeRuns(
  _ source: UnsafePointer<Float>, _ block: UnsafeMutableRawPointer, top: Float,
  _ storeCodes: (_ group: Int, _ codes: UnsafePointer<UInt8>) -> Void
) {
  let search = MinimumSearch(top: top, isBelowZero: true)
  let fit = search.blockFit(source, groupLength: 32, highest: 63)
  block.store(half: fit.scale, 0)
  block.store(half: fit.minimum, 2)
  withCodes(32) { codes in
    for group in 0..<8 {
      let (scale, minimum) = (UInt8(fit.scales[group]), UInt8(fit.minima[group]))
      if group < 4 {
        block.set(4 + group, scale)
        block.set(8 + group, minimum)
      } else {
        block.set(8 + group, scale & 15 | minimum << 4)
        block.set(group, (scale >> 4) << 6)
        block.set(4 + group, (minimum >> 4) << 6)
      }
      search.store(
        WeightGroup(base: source + 32 * group, vectorCount: 2), fit.group(group), codes)
      storeCodes(group, codes)
    }
  }
}
