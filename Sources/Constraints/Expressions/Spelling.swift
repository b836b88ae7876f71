// How characters are written in bytes: UTF-8 as it is, or inside of a JSON string.

import JSON

/// A way of writing characters.
enum Spelling: Sendable {
  /// UTF-8.
  case plain
  /// UTF-8 with what JSON must escape escaped in one way: a letter where there is one, else four
  /// hexadecimal digits in lowercase. So each string has one spelling.
  case json

  /// A character of `set`.
  func term(of set: ScalarSet, in store: inout TermStore) throws(ConstraintError) -> Term {
    switch self {
    case .plain: return try Self.utf8(set, in: &store)
    case .json:
      var options = [try Self.utf8(set.intersection(Self.unescaped), in: &store)]
      for range in set.intersection(Self.escaped).ranges {
        for codePoint in range {
          guard let scalar = Unicode.Scalar(codePoint) else { continue }
          options.append(try store.text(bytes(of: String(Character(scalar)))))
        }
      }
      return try store.either(options)
    }
  }

  /// The bytes of `text`, without quotes.
  func bytes(of text: String) -> [UInt8] {
    switch self {
    case .plain: return Array(text.utf8)
    case .json:
      var bytes: [UInt8] = []
      JSONWriter.escape(text, into: &bytes)
      return bytes
    }
  }

  private static let escaped = ScalarSet([0...0x1F, 0x22...0x22, 0x5C...0x5C])
  private static let unescaped = escaped.complement

  /// A character of `set` in UTF-8.
  private static func utf8(
    _ set: ScalarSet, in store: inout TermStore
  ) throws(ConstraintError) -> Term {
    let lengths: [(ClosedRange<UInt32>, Int)] = [
      (0...0x7F, 0), (0x80...0x7FF, 1), (0x800...0xFFFF, 2), (0x10000...0x10FFFF, 3),
    ]
    var options: [Term] = []
    var single = ByteSet()
    for range in set.ranges {
      for (span, following) in lengths where span.overlaps(range) {
        let part = range.clamped(to: span)
        if following == 0 {
          for byte in part { single.insert(UInt8(byte)) }
        } else {
          options.append(try bytes(part, following, isLead: true, in: &store))
        }
      }
    }
    options.append(try store.set(single))
    return try store.either(options)
  }

  /// The code points of `range`, of which one byte and `following` more are to be written. All have
  /// the same bits before those.
  private static func bytes(
    _ range: ClosedRange<UInt32>, _ following: Int, isLead: Bool, in store: inout TermStore
  ) throws(ConstraintError) -> Term {
    let shift = UInt32(6 * following)
    let low = range.lowerBound >> shift
    let high = range.upperBound >> shift
    func byte(_ value: UInt32) -> UInt8 {
      if !isLead { return UInt8(0x80 | value & 0x3F) }
      return [0, 0xC0, 0xE0, 0xF0][following] | UInt8(value)
    }
    if following == 0 { return try store.set(ByteSet(byte(low)...byte(high))) }
    let mask = UInt32(1) << shift - 1
    var options: [Term] = []
    // The first and the last of its leading bytes may allow a part of what follows.
    var full = low...high
    if range.lowerBound & mask != 0 || low == high {
      let end = low == high ? range.upperBound : range.lowerBound | mask
      options.append(
        try store.then(
          store.set(ByteSet([byte(low)])),
          bytes(range.lowerBound...end, following - 1, isLead: false, in: &store)))
      if low == high { return try store.either(options) }
      full = low + 1...high
    }
    if range.upperBound & mask != mask {
      options.append(
        try store.then(
          store.set(ByteSet([byte(high)])),
          bytes(high << shift...range.upperBound, following - 1, isLead: false, in: &store)))
      if full.lowerBound == high { return try store.either(options) }
      full = full.lowerBound...high - 1
    }
    let any = try store.set(ByteSet(0x80...0xBF))
    var rest = Term.empty
    for _ in 0..<following { rest = try store.then(any, rest) }
    options.append(
      try store.then(store.set(ByteSet(byte(full.lowerBound)...byte(full.upperBound))), rest))
    return try store.either(options)
  }
}
