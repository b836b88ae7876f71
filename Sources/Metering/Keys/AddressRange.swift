// Networks that a key may be used from.

/// A range of addresses such as `192.0.2.0/24`, `2001:db8::/32` or one address.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
  private let base: ClientAddress
  /// How many of the last bits are free.
  private let freeBits: Int
  package let description: String

  /// The range that some text names; nil for other text, and where bits are set behind the prefix.
  /// Of a /64 of IPv6 or a larger network any interface may be named: `2001:db8::1/64` is
  /// `2001:db8::/64`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), text.utf8.count <= ShortName.byteLimit,
      let base = ClientAddress(parts[0])
    else { return nil }
    var length = base.bitCount
    if parts.count == 2 {
      // The prefix of an IPv4 address in the form of IPv6 counts from elsewhere.
      guard let given = Int(parts[1]), (0...length).contains(given),
        !(base.bitCount == 32 && parts[0].contains(":"))
      else { return nil }
      length = given
    }
    self.base = base
    freeBits = base.bitCount - length
    description = text
    let lowest = freeBits >= 64 ? (base.number >> 64) << 64 : base.number
    guard prefix(of: lowest) << freeBits == lowest else { return nil }
  }

  /// Whether a client lies in the range.
  package func contains(_ address: ClientAddress) -> Bool {
    address.bitCount == base.bitCount && prefix(of: address.number) == prefix(of: base.number)
  }

  private func prefix(of number: UInt128) -> UInt128 { number >> freeBits }
}
