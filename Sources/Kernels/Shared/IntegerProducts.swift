// Products of quantised weights with quantised activations: 16 rows × up to 8 tokens in registers.

import KernelInterface

/// Adds bytes × quants of one group to the sums of all tokens.
///
/// Token after token within a group, so that neighbouring instructions are independent.
@inline(__always)
private func addGroup<let T: Int>(
  _ sums: inout InlineArray<T, Integers>, _ bytes: Words, _ group: Int, isWide: Bool,
  _ activation: UnsafeRawPointer, _ stride: Int
) {
  unrolled(T) { t in
    let quants = activation + t * stride + 4 * group
    sums[t] = isWide ? dotWide(sums[t], bytes, quants) : dot(sums[t], bytes, quants)
  }
}

/// Adds all eight groups of a 32-column block.
@inline(__always)
private func addGroups<let T: Int>(
  _ sums: inout InlineArray<T, Integers>, _ w: Groups, isWide: Bool,
  _ activation: UnsafeRawPointer, _ stride: Int
) {
  addGroup(&sums, w.0, 0, isWide: isWide, activation, stride)
  addGroup(&sums, w.1, 1, isWide: isWide, activation, stride)
  addGroup(&sums, w.2, 2, isWide: isWide, activation, stride)
  addGroup(&sums, w.3, 3, isWide: isWide, activation, stride)
  addGroup(&sums, w.4, 4, isWide: isWide, activation, stride)
  addGroup(&sums, w.5, 5, isWide: isWide, activation, stride)
  addGroup(&sums, w.6, 6, isWide: isWide, activation, stride)
  addGroup(&sums, w.7, 7, isWide: isWide, activation, stride)
}

/// Sums that begin with an activation block's word at `offset`, or at 0 where there is none.
@inline(__always)
private func startingSums<let T: Int>(
  _ activation: UnsafeRawPointer, _ stride: Int, _ offset: Int?
) -> InlineArray<T, Integers> {
  var sums = InlineArray<T, Integers>(repeating: Integers(repeating: 0))
  if let offset {
    unrolled(T) { t in sums[t] = broadcastInteger(activation + t * stride + offset) }
  }
  return sums
}

enum SimpleTile<Block: SimpleBlock>: Tile {
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var block = panel
    var activation = activations
    for _ in 0..<(columns / blockElementCount) {
      let scale = loadHalves(block)
      let minimum = Block.hasMinimum ? loadHalves(block + 32) : Floats(repeating: 0)
      var products: InlineArray<T, Integers> = startingSums(activation, stride, Block.zeroPoint)
      addGroups(&products, Block.groups(block), isWide: Block.isWide, activation, stride)
      unrolled(T) { t in
        let line = activation + t * stride
        let factor = scale * broadcastFloat(line + ActivationBlock.scale)
        sums[t] = multiplyAdd(floats(products[t]), factor, sums[t])
        if Block.hasMinimum {
          sums[t] = multiplyAdd(
            minimum, broadcastFloat(line + ActivationBlock.scaledSum), sums[t])
        }
      }
      block += Block.blockBytes
      activation += ActivationBlock.stride
    }
    return sums
  }
}

enum ScaledMinimumTile<Part: ScaledPart>: Tile {
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activation = activations
    for _ in 0..<(columns / 256) {
      let blockScale = loadHalves(part)
      let blockMinimum = -loadHalves(part + 32)
      part += 64
      for _ in 0..<8 {
        let scale = blockScale * loadBytes(part)
        let minimum = blockMinimum * loadBytes(part + 16)
        var products: InlineArray<T, Integers> = startingSums(activation, stride, nil)
        addGroups(&products, Part.groups(part), isWide: false, activation, stride)
        unrolled(T) { t in
          let line = activation + t * stride
          let factor = scale * broadcastFloat(line + ActivationBlock.scale)
          sums[t] = multiplyAdd(floats(products[t]), factor, sums[t])
          sums[t] = multiplyAdd(
            minimum, broadcastFloat(line + ActivationBlock.scaledSum), sums[t])
        }
        part += Part.partBytes
        activation += ActivationBlock.stride
      }
    }
    return sums
  }
}

enum Q6_KTile: Tile {
  @inline(__always)
  static func sums<let T: Int>(
    _ panel: UnsafeRawPointer, _ columns: Int, _ activations: UnsafeRawPointer, _ stride: Int
  ) -> InlineArray<T, Floats> {
    var sums = InlineArray<T, Floats>(repeating: Floats(repeating: 0))
    var part = panel
    var activation = activations
    for _ in 0..<(columns / 256) {
      let scale = loadHalves(part)
      part += 32
      for _ in 0..<8 {
        let w = addingUpperBits(nibbleGroups(part + 32), part + 288)
        let lowScale = loadSignedBytes(part)
        let highScale = loadSignedBytes(part + 16)
        var low: InlineArray<T, Integers> = startingSums(
          activation, stride, ActivationBlock.lowZeroPoint32)
        addGroup(&low, w.0, 0, isWide: false, activation, stride)
        addGroup(&low, w.1, 1, isWide: false, activation, stride)
        addGroup(&low, w.2, 2, isWide: false, activation, stride)
        addGroup(&low, w.3, 3, isWide: false, activation, stride)
        unrolled(T) { t in low[t] = low[t] &* lowScale }
        var high: InlineArray<T, Integers> = startingSums(
          activation, stride, ActivationBlock.highZeroPoint32)
        addGroup(&high, w.4, 4, isWide: false, activation, stride)
        addGroup(&high, w.5, 5, isWide: false, activation, stride)
        addGroup(&high, w.6, 6, isWide: false, activation, stride)
        addGroup(&high, w.7, 7, isWide: false, activation, stride)
        unrolled(T) { t in
          let product = low[t] &+ high[t] &* highScale
          let factor = scale * broadcastFloat(activation + t * stride + ActivationBlock.scale)
          sums[t] = multiplyAdd(floats(product), factor, sums[t])
        }
        part += 32 + 256 + 128
        activation += ActivationBlock.stride
      }
    }
    return sums
  }
}
