// A client's address whole, for lists that may name a single one.

/// An IPv4 or IPv6 address, all of it. It is held against lists and kept nowhere: limits count by
/// its ``network``, and records name that.
package struct ClientAddress: Hashable, Sendable {
  /// What one customer of a network gets.
  package let network: NetworkAddress
  /// The last 64 bits of an IPv6 address; 0 of an IPv4 address.
  let interface: UInt64

  /// The address that some text writes, as ``NetworkAddress`` reads it; nil where it writes none.
  package init?(_ text: some StringProtocol) {
    guard let parts = NetworkAddress.parts(of: text) else { return nil }
    (network, interface) = parts
  }

  /// How many bits it has.
  var bitCount: Int {
    switch network {
    case .v4: 32
    case .v6: 128
    }
  }

  /// Its bits as a number.
  var number: UInt128 {
    switch network {
    case .v4(let number): UInt128(number)
    case .v6(let number): UInt128(number) << 64 | UInt128(interface)
    }
  }
}
