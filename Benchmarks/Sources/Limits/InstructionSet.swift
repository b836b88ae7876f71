// The loops of the widest instruction set that this processor has.

import Foundation
import PeakAVX2
import PeakAVX512

/// One instruction set's loops.
struct InstructionSet: Sendable {
  let name: String
  /// Adds up a share of a buffer of 64-bit words.
  let read: @Sendable (UnsafeBufferPointer<UInt64>) -> UInt64
  /// Byte products on registers, for a number of rounds: the operations done, and a sum that
  /// depends on them. Nil where there is no such loop.
  let dotProducts: (@Sendable (Int) -> (operations: Int, sum: Int32))?

  /// The widest set this processor can run, by the flags that the system reports.
  static func best() -> InstructionSet {
    #if arch(x86_64)
      let flags = systemFlags()
      if flags.contains("avx512_vnni") {
        return InstructionSet(
          name: "AVX-512 VNNI", read: PeakAVX512.readLoop(words:),
          dotProducts: { PeakAVX512.dotProductLoop(rounds: $0) })
      }
      if flags.contains("avx2") {
        return InstructionSet(
          name: "AVX2", read: PeakAVX2.readLoop(words:),
          dotProducts: { PeakAVX2.dotProductLoop(rounds: $0) })
      }
    #endif
    return InstructionSet(name: "portable", read: plainReadLoop(words:), dotProducts: nil)
  }

  /// The processor's features as Linux names them; empty elsewhere.
  private static func systemFlags() -> Set<Substring> {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
    else { return [] }
    return Set(line.split(separator: " "))
  }
}
