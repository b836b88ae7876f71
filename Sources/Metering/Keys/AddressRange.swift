// Networks that a key may be used from.

/// A range of addresses such as `192.0.2.0/24`, `2001:db8::/32` or one address.
///
/// Of an IPv6 address the first 64 bits count, so IPv6 ranges are /64 or larger.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
  private let base: NetworkAddress
  /// How many of the last bits are free.
  private let freeBits: UInt64
  package let description: String

  /// The range that some text names; nil for other text, and where bits are set behind the prefix.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), text.utf8.count <= ShortName.byteLimit,
      let base = NetworkAddress(parts[0])
    else { return nil }
    let widest =
      switch base {
      case .v4: 32
      case .v6: 64
      }
    var length = widest
    if parts.count == 2 {
      // The prefix of an IPv4 address in the form of IPv6 counts from elsewhere.
      guard let given = Int(parts[1]), (0...widest).contains(given),
        !(widest == 32 && parts[0].contains(":"))
      else { return nil }
      length = given
    }
    self.base = base
    freeBits = UInt64(widest - length)
    description = text
    guard prefix(of: base.number) << freeBits == base.number else { return nil }
  }

  /// Whether a client lies in the range.
  func contains(_ address: NetworkAddress) -> Bool {
    switch (base, address) {
    case (.v4, .v4), (.v6, .v6): prefix(of: address.number) == prefix(of: base.number)
    default: false
    }
  }

  private func prefix(of number: UInt64) -> UInt64 { number >> freeBits }
}

extension NetworkAddress {
  fileprivate var number: UInt64 {
    switch self {
    case .v4(let number): UInt64(number)
    case .v6(let number): number
    }
  }
}
