// A client's network as a number, for limits that hold against whoever has no key.

import NIOCore

extension SocketAddress {
  /// The whole of an IPv4 address; of an IPv6 address the first half, which is what one customer
  /// of a network gets. Nil for anything else.
  var networkNumber: UInt64? {
    guard let text = ipAddress else { return nil }
    if !text.contains(":") {
      return text.split(separator: ".").reduce(into: UInt64(0)) { number, part in
        number = number << 8 | (UInt64(part) ?? 0)
      }
    }
    // "::" stands for as many groups of zeros as are missing from eight.
    let halves = text.prefix { $0 != "%" }.split(separator: "::", omittingEmptySubsequences: false)
    var groups = halves[0].split(separator: ":").compactMap { UInt64($0, radix: 16) }
    if let tail = halves.dropFirst().first {
      let last = tail.split(separator: ":").compactMap { UInt64($0, radix: 16) }
      groups += Array(repeating: 0, count: max(0, 8 - groups.count - last.count)) + last
    }
    return groups.prefix(4).reduce(1 << 63) { $0 << 16 | $1 }
  }
}
