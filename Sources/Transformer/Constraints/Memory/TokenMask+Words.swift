// What is done with many tokens of a mask at a time.

extension TokenMask {
  /// Adds the tokens of a mask of the same vocabulary.
  mutating func formUnion(_ other: TokenMask) {
    formUnion(other.bits)
    needed = max(needed, other.needed)
  }

  /// Adds tokens, a bit for each.
  mutating func formUnion(_ words: [UInt64]) {
    precondition(words.count == bits.count, "masks of two vocabularies")
    bits.withUnsafeMutableBufferPointer { bits in
      words.withUnsafeBufferPointer { words in
        for index in bits.indices { bits[index] |= words[index] }
      }
    }
  }

  /// Sets the logits, `[vocabulary]`, of all other tokens to minus infinity.
  package func apply(to logits: inout [Float]) {
    let count = logits.count
    let excluded = -Float.infinity
    bits.withUnsafeBufferPointer { bits in
      logits.withUnsafeMutableBufferPointer { logits in
        for word in 0..<(count + 63) / 64 {
          let kept = word < bits.count ? bits[word] : 0
          // Most words are all in or all out.
          if kept == .max { continue }
          let first = word * 64
          if kept == 0 {
            for id in first..<min(first + 64, count) { logits[id] = excluded }
          } else if first + 64 <= count {
            Self.exclude(excluded, kept, logits.baseAddress! + first)
          } else {
            for id in first..<count where kept >> UInt64(id - first) & 1 == 0 {
              logits[id] = excluded
            }
          }
        }
      }
    }
  }

  /// Four logits at a time, of 64. Done with integers, which compile to six instructions of any x86.
  @inline(__always)
  private static func exclude(
    _ excluded: Float, _ kept: UInt64, _ logits: UnsafeMutablePointer<Float>
  ) {
    let places = SIMD4<Int32>(1, 2, 4, 8)
    let sign = SIMD4<Int32>(repeating: 31)
    let other = SIMD4(repeating: Int32(bitPattern: excluded.bitPattern))
    for group in 0..<16 {
      let bits = Int32(truncatingIfNeeded: kept >> UInt64(group * 4))
      // All ones where the bit is set: what is not zero has the sign when it is negated.
      let isKept = (.zero &- (places & SIMD4(repeating: bits))) &>> sign
      let pointer = UnsafeMutableRawPointer(logits + group * 4)
      let values = pointer.loadUnaligned(as: SIMD4<Int32>.self)
      pointer.storeBytes(of: values & isKept | other & ~isKept, as: SIMD4<Int32>.self)
    }
  }
}
