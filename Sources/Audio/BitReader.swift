// Bits from the highest of a byte to the lowest, as FLAC and MPEG audio write them.

/// Reads bits. Past the end there are zeros, and `isPastEnd` says so afterwards.
struct BitReader {
  private let bytes: [UInt8]
  /// Where bits end, as an offset in bytes.
  private let end: Int
  /// The next bits, from the highest on; zeros behind `cachedCount`.
  private var cache: UInt64 = 0
  /// Bits in the cache; less than none after reading past the end.
  private var cachedCount = 0
  private var nextByte: Int

  /// Reads from a bit on; bits end with byte `end`, or with the bytes.
  init(_ bytes: [UInt8], fromBit start: Int = 0, end: Int = .max) {
    self.bytes = bytes
    self.end = min(end, bytes.count)
    nextByte = min(start >> 3, self.end)
    skip(start & 7)
  }

  /// Offset in bits of what comes next.
  var position: Int { 8 * nextByte - cachedCount }

  var isPastEnd: Bool { cachedCount < 0 }

  /// The next bits, from 1 to 32, without taking them.
  @inline(__always)
  mutating func peek(_ count: Int) -> Int {
    if cachedCount < count { refill() }
    return Int(truncatingIfNeeded: cache &>> UInt64(truncatingIfNeeded: 64 &- count))
  }

  /// Passes over bits, from 0 to 32.
  @inline(__always)
  mutating func skip(_ count: Int) {
    if cachedCount < count { refill() }
    cache = cache &<< UInt64(truncatingIfNeeded: count)
    cachedCount &-= count
  }

  /// The next bits, from 0 to 32, as a number.
  @inline(__always)
  mutating func read(_ count: Int) -> Int {
    guard count > 0 else { return 0 }
    let value = peek(count)
    skip(count)
    return value
  }

  /// The next bits, from 1 to 33, as a number of two's complement.
  @inline(__always)
  mutating func readSigned(_ count: Int) -> Int {
    var value = read(min(count, 32))
    if count > 32 { value = value << 1 | read(1) }
    let unused = Int.bitWidth - count
    return (value << unused) >> unused
  }

  /// Zeros before the next one, which is taken too; `Int.max` where none comes.
  @inline(__always)
  mutating func readUnary() -> Int {
    var zeros = 0
    while true {
      if cachedCount < 32 { refill() }
      guard cachedCount > 0 else {
        cachedCount = -1
        return .max
      }
      let run = cache.leadingZeroBitCount
      if run < cachedCount {
        cache = (cache &<< UInt64(truncatingIfNeeded: run)) &<< 1
        cachedCount &-= run &+ 1
        return zeros &+ run
      }
      zeros &+= cachedCount
      cache = 0
      cachedCount = 0
    }
  }

  /// Passes over what is left of a byte.
  mutating func alignToByte() { skip(cachedCount & 7) }

  private mutating func refill() {
    while cachedCount >= 0, cachedCount <= 56, nextByte < end {
      cache |= UInt64(bytes[nextByte]) &<< UInt64(truncatingIfNeeded: 56 &- cachedCount)
      cachedCount &+= 8
      nextByte &+= 1
    }
  }
}
