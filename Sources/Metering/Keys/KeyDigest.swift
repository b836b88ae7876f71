// What is stored of a key, in place: in an array it would take three times as much memory.

/// A keyed hash, 32 bytes.
struct KeyDigest: Hashable, Sendable {
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// The hash of exactly 32 bytes, nil for others.
  init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var words = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
    for (place, byte) in bytes.enumerated() {
      switch place / 8 {
      case 0: words.0 = words.0 << 8 | UInt64(byte)
      case 1: words.1 = words.1 << 8 | UInt64(byte)
      case 2: words.2 = words.2 << 8 | UInt64(byte)
      default: words.3 = words.3 << 8 | UInt64(byte)
      }
    }
    (first, second, third, fourth) = words
  }

  /// Whether both are equal, in a time that does not depend on them.
  func matches(_ other: KeyDigest) -> Bool {
    (first ^ other.first) | (second ^ other.second) | (third ^ other.third)
      | (fourth ^ other.fourth) == 0
  }
}

/// Limits that many keys have alike, once in memory.
final class SharedLimits: Hashable, Sendable {
  let rule: LimitRule

  init(_ rule: LimitRule) { self.rule = rule }

  static func == (left: SharedLimits, right: SharedLimits) -> Bool { left.rule == right.rule }

  func hash(into hasher: inout Hasher) { hasher.combine(rule) }
}
