// Products of weights that were unpacked once for many tokens: 32 rows × 2 to 6 tokens in registers.
//
// A tile of one panel waits for its activations: every product reads one, and processors read as many
// vectors a cycle as they multiply. Here an activation that was read serves two panels.

import KernelInterface

/// 32 columns of a panel, unpacked: bytes as products take them, factors as floats. The same columns
/// of the second panel follow, then the first panel's next.
enum UnpackedBlock {
  /// Bytes from a block to the other panel's.
  static let stride = 768
  /// The bytes of group 0...7: four columns of each row.
  @inline(__always) static func bytes(_ group: Int) -> Int { 64 * group }
  /// Float[16]: the rows' scales; of half 0 or 1 where halves have their own.
  @inline(__always) static func scales(_ half: Int) -> Int { 512 + 128 * half }
  /// Float[16]: the rows' minimums.
  @inline(__always) static func minimums(_ half: Int) -> Int { 576 + 128 * half }
}

/// How an unpacked block is multiplied. Sums of the first panel stand before those of the second.
/// Each adds in the order of the tile that unpacks as it goes.
protocol UnpackedKind {
  /// Blocks that are added at a time.
  static var blockCount: Int { get }
  /// Adds `blockCount` blocks of both panels.
  static func add<let N: Int>(
    _ sums: inout InlineArray<N, Floats>, _ block: UnsafeRawPointer, _ tokens: TokenBlocks<2>,
    _ parameters: UnpackedParameters)
  /// Adds a run of columns for all tokens, where the kind has a way of its own; else nothing is
  /// done, and the answer is false.
  static func addWhole(_ run: UnpackedRun) -> Bool
}

extension UnpackedKind {
  @inline(__always) static func addWhole(_ run: UnpackedRun) -> Bool { false }
}

/// A run of columns of two panels, unpacked, and what they are multiplied with.
struct UnpackedRun {
  let call: PanelProduct
  let layout: ActivationLayout
  let columns: Range<Int>
  /// The first block of the first panel.
  let weights: UnsafeRawPointer
  /// `[tokens, 32]`: sums between two runs of columns.
  let kept: UnsafeMutablePointer<Float>
  /// The first panel's number.
  let panel: Int
  /// Whether there is no second panel.
  let isLone: Bool
  /// What is unpacked next.
  let ahead: UnsafeRawPointer

  var firstBlock: Int { columns.lowerBound / blockElementCount }
  var blockCount: Int { columns.count / blockElementCount }
  var isFirst: Bool { columns.lowerBound == 0 }
  var isLast: Bool { columns.upperBound == call.columns }

  /// Where the first panel's sums for a token go in the end.
  @inline(__always)
  func output(_ token: Int) -> UnsafeMutablePointer<Float> {
    call.output + panel * panelRowCount + token * call.outputStride
  }

  /// Asks for what is unpacked next, a part while each tile of tokens multiplies.
  @inline(__always)
  func prefetch(tokens: Range<Int>) {
    let lines = columns.count * call.panelBytes / call.columns / 64 + 1
    let count = call.tokenCount
    for line in tokens.lowerBound * lines / count..<tokens.upperBound * lines / count {
      prefetchLine(ahead + 64 * line)
      prefetchLine(ahead + call.panelBytes + 64 * line)
    }
  }
}

/// What tiles learn at run time.
struct UnpackedParameters {
  /// Where activation blocks keep the word that products of plain blocks begin with.
  let zeroPoint: Int
  /// Groups of a half, where halves have scales of their own: 4. The compiler must not know it: it would
  /// unroll them, read them all at once, and keep sums in memory for lack of registers.
  let halfGroupCount: Int
  /// Groups whose products are added as pairs before they are widened; 1 where none are.
  let pairedGroupCount: Int
}

/// Where a tile's sums begin and go.
struct UnpackedTarget {
  /// `[tokens, 32]`: sums between two runs of columns.
  let kept: UnsafeMutablePointer<Float>
  /// Whether sums begin at 0, and whether they go to `output` now.
  let isFirst: Bool
  let isLast: Bool
  /// `[tokens, outputStride]`; the second panel's rows stand behind the first's, unless there is none.
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int
  let isLone: Bool
}

/// Adds `blockCount` blocks of both panels for `N` / 2 tokens.
@inline(never)
func addUnpacked<K: UnpackedKind, let N: Int>(
  _ weights: UnsafeRawPointer, _ blockCount: Int, _ tokens: TokenBlocks<2>,
  _ parameters: UnpackedParameters, _ target: UnpackedTarget, _ kind: K.Type,
  _ size: InlineArray<N, Floats>.Type
) {
  var sums = InlineArray<N, Floats>(repeating: Floats(repeating: 0))
  let kept = target.kept
  if !target.isFirst {
    unrolled(N / 2) { t in
      sums[t] = loadFloats(kept + 32 * t)
      sums[N / 2 + t] = loadFloats(kept + 32 * t + 16)
    }
  }
  var block = weights
  var tokens = tokens
  for _ in 0..<(blockCount / K.blockCount) {
    K.add(&sums, block, tokens, parameters)
    block += 2 * K.blockCount * UnpackedBlock.stride
    tokens.advance(by: K.blockCount)
  }
  if target.isLast {
    unrolled(N / 2) { t in
      let output = target.output + t * target.outputStride
      store(sums[t], output)
      if !target.isLone { store(sums[N / 2 + t], output + panelRowCount) }
    }
  } else {
    unrolled(N / 2) { t in
      store(sums[t], kept + 32 * t)
      store(sums[N / 2 + t], kept + 32 * t + 16)
    }
  }
}
