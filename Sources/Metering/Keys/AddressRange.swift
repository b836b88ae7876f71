// Networks that a key may be used from.

/// A range of addresses such as `192.0.2.0/24`, `2001:db8::/32` or one address.
///
/// A client is known by its IPv4 address or by the first 64 bits of its IPv6 address, as
/// ``Meter/authenticate(_:address:)`` takes them, so IPv6 ranges are /64 or larger.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
  private let base: UInt64
  private let bits: Int
  private let isIPv6: Bool
  package let description: String

  /// The range that some text names; nil for other text, and where bits are set behind the prefix.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), text.utf8.count <= ShortName.byteLimit else { return nil }
    isIPv6 = parts[0].contains(":")
    let widest = isIPv6 ? 64 : 32
    guard let number = isIPv6 ? Self.network(parts[0]) : Self.address(parts[0]) else { return nil }
    if parts.count == 2 {
      guard let length = Int(parts[1]), (0...widest).contains(length) else { return nil }
      bits = length
    } else {
      bits = widest
    }
    base = number
    description = text
    guard Self.prefix(base, bits, of: widest) << UInt64(widest - bits) == base else { return nil }
  }

  /// Whether a client's number lies in the range.
  func contains(_ number: UInt64) -> Bool {
    if !isIPv6, number >= 1 << 32 { return false }
    let widest = isIPv6 ? 64 : 32
    return Self.prefix(number, bits, of: widest) == Self.prefix(base, bits, of: widest)
  }

  private static func prefix(_ number: UInt64, _ bits: Int, of widest: Int) -> UInt64 {
    number >> UInt64(widest - bits)
  }

  private static func address(_ text: Substring) -> UInt64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var number: UInt64 = 0
    for part in parts {
      guard let byte = UInt8(part) else { return nil }
      number = number << 8 | UInt64(byte)
    }
    return number
  }

  /// The first four groups; `::` stands for as many zeros as are missing from eight.
  private static func network(_ text: Substring) -> UInt64? {
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count <= 2 else { return nil }
    let groups = halves.map { half in
      half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false)
    }
    let given = groups.reduce(0) { $0 + $1.count }
    guard halves.count == 2 ? given < 8 : given == 8 else { return nil }
    var numbers: [UInt64] = []
    for (index, half) in groups.enumerated() {
      if index == 1 { numbers += Array(repeating: 0, count: 8 - given) }
      for group in half {
        guard group.utf8.count <= 4, let number = UInt64(group, radix: 16) else { return nil }
        numbers.append(number)
      }
    }
    return numbers.prefix(4).reduce(0) { $0 << 16 | $1 }
  }
}
