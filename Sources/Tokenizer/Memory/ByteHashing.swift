// Hashing and comparing short runs of bytes, eight at a time.

extension Span<UInt8> {
  /// The bytes of `range`, at most eight, as the low bytes of a number, first byte lowest.
  @inline(__always)
  private func tail(_ start: Int, _ count: Int) -> UInt64 {
    if start + 8 <= self.count {
      let all = bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
      return UInt64(littleEndian: all) & ~(~0 << UInt64(count * 8))
    }
    var value: UInt64 = 0
    for offset in 0..<count { value |= UInt64(self[start + offset]) << UInt64(offset * 8) }
    return value
  }

  /// The eight bytes from `start` on, which is in `0...count`, as a number, first byte lowest; zeros
  /// stand for what lies behind the end.
  @inline(__always)
  func word(at start: Int) -> UInt64 {
    tail(start, Swift.min(8, count - start))
  }

  /// A hash of the bytes from `start` to `end`; `seed` keeps it unpredictable to whoever wrote
  /// the bytes.
  @inline(__always)
  func hash(from start: Int, to end: Int, seed: UInt64) -> UInt64 {
    var state = seed ^ UInt64(end - start)
    var position = start
    while position < end {
      let count = Swift.min(8, end - position)
      let product = (state ^ tail(position, count)).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
      state = product.high ^ product.low ^ seed
      position += 8
    }
    let product = state.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }

  /// Whether the bytes from `start` to `end` equal those of `other` from `otherStart` on.
  @inline(__always)
  func equals(from start: Int, to end: Int, _ other: Span<UInt8>, at otherStart: Int) -> Bool {
    let count = end - start
    if count <= 8, start + 8 <= self.count, otherStart + 8 <= other.count {
      let difference = word(at: start) ^ other.word(at: otherStart)
      return difference << UInt64(64 - count * 8) == 0
    }
    return equalsLong(from: start, to: end, other, at: otherStart)
  }

  @inline(never)
  private func equalsLong(
    from start: Int, to end: Int, _ other: Span<UInt8>, at otherStart: Int
  ) -> Bool {
    var position = start
    var otherPosition = otherStart
    while position < end {
      let count = Swift.min(8, end - position)
      if tail(position, count) != other.tail(otherPosition, count) { return false }
      position += 8
      otherPosition += 8
    }
    return true
  }

  /// The bytes from `start` to `end`, at most 31, and their count in the last byte.
  @inline(__always)
  func wordKey(from start: Int, to end: Int) -> SIMD4<UInt64> {
    let count = end - start
    var key = SIMD4<UInt64>(tail(start, Swift.min(8, count)), 0, 0, UInt64(count) << 56)
    if count > 8 { key[1] = tail(start + 8, Swift.min(8, count - 8)) }
    if count > 16 { key[2] = tail(start + 16, Swift.min(8, count - 16)) }
    if count > 24 { key[3] |= tail(start + 24, count - 24) }
    return key
  }
}
