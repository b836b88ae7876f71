// Products with many tokens: a run of columns of two panels is unpacked into the first-level cache,
// then all tokens go by.

import KernelInterface

/// From how many tokens on unpacking pays.
let unpackedTokenCount = 24

/// Calls of those sets that unpack.
let unpackingCalls = ManyTokens(least: unpackedTokenCount, most: 528, panelCount: 8)

/// Columns that are unpacked at a time, a multiple of `unit`: about 24 KiB of two panels, which leaves
/// room for tokens in the first-level cache.
@inline(__always)
private func columnRun(_ columns: Int, unit: Int) -> Int {
  let runs = (columns + 639) / 640
  let run = ((columns + runs - 1) / runs + unit - 1) / unit * unit
  return run > 640 ? 512 : run
}

/// Multiplies all panels of a call with all tokens.
@inline(__always)
func multiplyUnpacked<K: Tile, U: UnpackedKind>(
  _ call: PanelProduct, _ layout: ActivationLayout, _ tile: K.Type, _ kind: U.Type
) {
  let pairs = (call.panelCount + 1) / 2
  let run = columnRun(call.columns, unit: K.columnUnit)
  let keptBytes = call.columns > run ? pairs * call.tokenCount * 128 : 0
  let weightBytes = run / blockElementCount * 2 * UnpackedBlock.stride
  withUnsafeTemporaryAllocation(byteCount: weightBytes + keptBytes, alignment: 64) { room in
    let weights = room.baseAddress!
    let kept = (weights + weightBytes).assumingMemoryBound(to: Float.self)
    for first in stride(from: 0, to: call.columns, by: run) {
      let columns = first..<min(first + run, call.columns)
      for pair in 0..<pairs {
        let panel = call.panels + 2 * pair * call.panelBytes
        let isLone = 2 * pair + 1 == call.panelCount
        K.unpack(panel, columns, weights)
        if !isLone { K.unpack(panel + call.panelBytes, columns, weights + UnpackedBlock.stride) }
        let isLast = pair + 1 == pairs
        let next = isLast ? call.panels : panel + 2 * call.panelBytes
        let nextColumn = isLast ? columns.upperBound : columns.lowerBound
        pass(
          UnpackedRun(
            call: call, layout: layout, columns: columns, weights: weights,
            kept: kept + pair * call.tokenCount * 32, panel: 2 * pair, isLone: isLone,
            ahead: next + nextColumn * call.panelBytes / call.columns),
          UnpackedParameters(
            zeroPoint: K.unpackedZeroPoint, halfGroupCount: call.format.scaleColumnCount / 4,
            pairedGroupCount: pairedGroupCount(largest: K.largestByte)), kind)
      }
    }
  }
}

/// One run of columns of two panels for all tokens.
@inline(never)
private func pass<K: UnpackedKind>(
  _ run: UnpackedRun, _ parameters: UnpackedParameters, _ kind: K.Type
) {
  if K.addWhole(run) { return }
  let call = run.call
  var token = 0
  @inline(__always)
  func tile<let N: Int>(_ size: InlineArray<N, Floats>.Type) {
    let tokens = TokenBlocks<2>(call.activations, run.layout, token: token, block: run.firstBlock)
    let target = UnpackedTarget(
      kept: run.kept + token * 32, isFirst: run.isFirst, isLast: run.isLast,
      output: run.output(token), outputStride: call.outputStride, isLone: run.isLone)
    run.prefetch(tokens: token..<token + N / 2)
    addUnpacked(run.weights, run.blockCount, tokens, parameters, target, kind, size)
    token += N / 2
  }
  #if TWELVE_TOKEN_TILES
    while call.tokenCount - token >= 6 { tile(InlineArray<12, Floats>.self) }
    while call.tokenCount - token >= 4 { tile(InlineArray<8, Floats>.self) }
  #endif
  while call.tokenCount - token >= 2 { tile(InlineArray<4, Floats>.self) }
  if call.tokenCount - token >= 1 { tile(InlineArray<2, Floats>.self) }
}

/// Writes one group's bytes.
@inline(__always)
private func store(_ bytes: Words, _ output: UnsafeMutableRawPointer, _ group: Int) {
  (output + UnpackedBlock.bytes(group)).storeBytes(of: bytes, as: Words.self)
}

/// Writes the rows' factors at `offset`.
@inline(__always)
private func store(_ factors: Floats, _ output: UnsafeMutableRawPointer, at offset: Int) {
  (output + offset).storeBytes(of: factors, as: Floats.self)
}

extension SimpleTile {
  @inline(__always) static var largestByte: Int { Block.largestByte }
  @inline(__always) static var columnUnit: Int { blockElementCount }
  @inline(__always) static var unpackedZeroPoint: Int { Block.zeroPoint ?? 0 }
  @inline(__always)
  static func unpack(
    _ panel: UnsafeRawPointer, _ columns: Range<Int>, _ output: UnsafeMutableRawPointer
  ) {
    var block = panel + columns.lowerBound / blockElementCount * Block.blockBytes
    var output = output
    for _ in 0..<(columns.count / blockElementCount) {
      Block.forEachGroup(block, .unrolled) { bytes, group in store(bytes, output, group) }
      store(Block.scale(block), output, at: UnpackedBlock.scales(0))
      if Block.hasMinimum { store(loadHalves(block + 32), output, at: UnpackedBlock.minimums(0)) }
      block += Block.blockBytes
      output += 2 * UnpackedBlock.stride
    }
  }
}

extension ScaledMinimumTile {
  @inline(__always) static var largestByte: Int { Part.largestByte }
  @inline(__always) static var columnUnit: Int { 256 }
  @inline(__always) static var unpackedZeroPoint: Int { 0 }
  @inline(__always)
  static func unpack(
    _ panel: UnsafeRawPointer, _ columns: Range<Int>, _ output: UnsafeMutableRawPointer
  ) {
    var part = panel + columns.lowerBound / 256 * (64 + 8 * Part.partBytes)
    var output = output
    for _ in 0..<(columns.count / 256) {
      let blockScale = loadHalves(part)
      let blockMinimum = -loadHalves(part + 32)
      part += 64
      for _ in 0..<8 {
        Part.forEachGroup(part, .unrolled) { bytes, group in store(bytes, output, group) }
        store(blockScale * loadBytes(part), output, at: UnpackedBlock.scales(0))
        store(blockMinimum * loadBytes(part + 16), output, at: UnpackedBlock.minimums(0))
        part += Part.partBytes
        output += 2 * UnpackedBlock.stride
      }
    }
  }
}

extension IQ4_XSTile {
  @inline(__always) static var largestByte: Int { 255 }
  @inline(__always) static var columnUnit: Int { 256 }
  @inline(__always) static var unpackedZeroPoint: Int { wideZeroPoint ?? 0 }
  @inline(__always)
  static func unpack(
    _ panel: UnsafeRawPointer, _ columns: Range<Int>, _ output: UnsafeMutableRawPointer
  ) {
    var part = panel + columns.lowerBound / 256 * (32 + 8 * IQ4_XSPart.partBytes)
    var output = output
    for _ in 0..<(columns.count / 256) {
      let blockScale = loadHalves(part)
      part += 32
      for _ in 0..<8 {
        IQ4_XSPart.forEachGroup(part, .unrolled) { bytes, group in store(bytes, output, group) }
        store(blockScale * floats(loadSignedBytes(part)), output, at: UnpackedBlock.scales(0))
        part += IQ4_XSPart.partBytes
        output += 2 * UnpackedBlock.stride
      }
    }
  }
}

extension HalvedTile {
  @inline(__always) static var largestByte: Int { Part.largestByte }
  @inline(__always) static var columnUnit: Int { blockElementCount * Part.blockPartCount }
  @inline(__always) static var unpackedZeroPoint: Int { 0 }
  @inline(__always)
  static func unpack(
    _ panel: UnsafeRawPointer, _ columns: Range<Int>, _ output: UnsafeMutableRawPointer
  ) {
    let blockColumns = blockElementCount * Part.blockPartCount
    let blockBytes = Part.factorBytes + Part.blockPartCount * Part.partBytes
    var part = panel + columns.lowerBound / blockColumns * blockBytes
    var output = output
    for _ in 0..<(columns.count / blockColumns) {
      let factors = Part.factors(part)
      part += Part.factorBytes
      for _ in 0..<Part.blockPartCount {
        unpackHalf(part, 0, factors, output)
        unpackHalf(part, 1, factors, output)
        part += Part.partBytes
        output += 2 * UnpackedBlock.stride
      }
    }
  }

  @inline(__always)
  private static func unpackHalf(
    _ part: UnsafeRawPointer, _ half: Int, _ factors: BlockFactors,
    _ output: UnsafeMutableRawPointer
  ) {
    Part.forEachGroup(part, half: half) { bytes, group in store(bytes, output, group) }
    store(Part.scale(part, half: half, factors), output, at: UnpackedBlock.scales(half))
    if Part.zeroPoint == .none {
      store(Part.minimum(part, half: half, factors), output, at: UnpackedBlock.minimums(half))
    }
  }
}
