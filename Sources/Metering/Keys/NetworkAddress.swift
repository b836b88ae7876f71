// A client's address, as far as limits and lists tell clients apart.

/// An IPv4 address, or the first half of an IPv6 address: what one customer of a network gets.
package enum NetworkAddress: Hashable, Sendable, CustomStringConvertible {
  case v4(UInt32)
  case v6(UInt64)

  /// The address that some text writes; nil where it writes none.
  ///
  /// An IPv4 address that is written as an IPv6 address (RFC 4291, 2.5.5.2) is that IPv4 address: a
  /// listener for both kinds sees all IPv4 clients so. A zone (`%eth0`) is passed over.
  package init?(_ text: some StringProtocol) {
    guard let parts = Self.parts(of: text) else { return nil }
    self = parts.network
  }

  /// The same with the second half of an IPv6 address, which is 0 for IPv4.
  static func parts(
    of text: some StringProtocol
  ) -> (network: NetworkAddress, interface: UInt64)? {
    guard text.contains(":") else { return dotted(text).map { (.v4($0), 0) } }
    guard let groups = groups(of: text.prefix { $0 != "%" }) else { return nil }
    if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
      return (.v4(UInt32(groups[6]) << 16 | UInt32(groups[7])), 0)
    }
    func number(_ half: ArraySlice<UInt16>) -> UInt64 { half.reduce(0) { $0 << 16 | UInt64($1) } }
    return (.v6(number(groups[..<4])), number(groups[4...]))
  }

  /// The address as people write it; an IPv6 address ends with `::`, as only its first half is known.
  package var description: String {
    switch self {
    case .v4(let number): Self.dotted(number)
    case .v6(let number):
      Self.grouped(number, count: 4)
    }
  }

  /// The network that it lies in: /24 of IPv4, /48 of IPv6.
  var network: String {
    switch self {
    case .v4(let number): Self.dotted(number & ~0xFF) + "/24"
    case .v6(let number): Self.grouped(number, count: 3) + "/48"
    }
  }

  private static func dotted(_ number: UInt32) -> String {
    stride(from: UInt32(24), through: 0, by: -8).map { "\(number >> $0 & 0xFF)" }
      .joined(separator: ".")
  }

  private static func grouped(_ number: UInt64, count: Int) -> String {
    (0..<count).map { String(number >> UInt64(48 - 16 * $0) & 0xFFFF, radix: 16) }
      .joined(separator: ":") + "::"
  }

  /// The eight groups of an IPv6 address.
  private static func groups(of text: some StringProtocol) -> [UInt16]? {
    // "::" stands for as many groups of zeros as are missing from eight, one at least.
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count <= 2, let head = written(halves[0]),
      let tail = written(halves.dropFirst().first ?? "")
    else { return nil }
    let missing = 8 - head.count - tail.count
    guard halves.count == 2 ? missing > 0 : missing == 0 else { return nil }
    return head + Array(repeating: 0, count: missing) + tail
  }

  /// The groups that are written out; the last two may have the form of an IPv4 address.
  private static func written(_ text: some StringProtocol) -> [UInt16]? {
    guard !text.isEmpty else { return [] }
    var groups: [UInt16] = []
    for part in text.split(separator: ":", omittingEmptySubsequences: false) {
      if part.contains(".") {
        guard let number = dotted(part) else { return nil }
        groups += [UInt16(number >> 16), UInt16(truncatingIfNeeded: number)]
      } else {
        guard part.utf8.count <= 4, let group = UInt16(part, radix: 16) else { return nil }
        groups.append(group)
      }
    }
    return groups
  }

  private static func dotted(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var number: UInt32 = 0
    for part in parts {
      guard let byte = UInt8(part) else { return nil }
      number = number << 8 | UInt32(byte)
    }
    return number
  }
}
