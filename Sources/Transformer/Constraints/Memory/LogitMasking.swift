// Taking tokens out of the choice.

extension TokenMask {
  /// Sets the logits, `[vocabulary]`, of all other tokens to minus infinity. A 64th part of the
  /// vocabulary at a time, as most parts are all in or all out.
  package func apply(to logits: inout [Float]) {
    let count = logits.count
    bits.withUnsafeBufferPointer { bits in
      logits.withUnsafeMutableBufferPointer { logits in
        for word in 0..<(count + 63) / 64 {
          let kept = word < bits.count ? bits[word] : 0
          if kept == .max { continue }
          let first = word * 64
          let last = min(first + 64, count)
          if kept == 0 {
            for id in first..<last { logits[id] = -.infinity }
          } else {
            for id in first..<last where kept >> UInt64(id - first) & 1 == 0 {
              logits[id] = -.infinity
            }
          }
        }
      }
    }
  }
}
