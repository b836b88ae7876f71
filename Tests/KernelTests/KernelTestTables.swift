// What the kernel tests run over: every instruction set of this processor.

import KernelInterface
import TensorCore

/// The sets that this processor has, slowest first.
let availableSets = InstructionSet.allCases.filter(\.isAvailable)

extension Float {
  /// Half the distance from 1 to the next float: the largest relative error of one rounding.
  static let unitRoundoff = 0x1p-24
}

/// A cache line's worth of alignment, as the engine's buffers have; freed with the value.
final class TestBuffer {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Filled with `byte`, so that what nobody wrote is seen.
  init(_ byteCount: Int, filledWith byte: UInt8 = 0xA5) {
    self.byteCount = byteCount
    base = .allocate(byteCount: max(byteCount, 64), alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: byte, count: max(byteCount, 64))
  }

  deinit { base.deallocate() }

  /// The bytes as floats.
  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }

  /// `count` floats from index `first` on.
  func floats(_ first: Int, _ count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: floats + first, count: count))
  }
}
