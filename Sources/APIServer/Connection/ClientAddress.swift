// Who a client is to lists of networks, and to limits that hold without a key.

import HTTPTypes
import Metering
import NIOCore

extension SocketAddress {
  /// The peer's address; nil where the connection has no IP address.
  var client: ClientAddress? { ipAddress.flatMap { ClientAddress($0) } }
}

extension ClientAddress {
  /// Whether it lies in one of some networks.
  func isIn(_ ranges: [AddressRange]) -> Bool { ranges.contains { $0.contains(self) } }

  /// Who sent what came from this address, a proxy's: the last address of `X-Forwarded-For` that is
  /// no proxy's itself. Each proxy writes there whom it was called by, so what stands in front of
  /// that is the client's own word, and is not looked at; nor is anything in front of what is no
  /// address.
  func sender(_ fields: HTTPFields, behind proxies: [AddressRange]) -> ClientAddress {
    var sender = self
    for value in fields[values: .forwardedFor].reversed() {
      for entry in value.split(separator: ",", omittingEmptySubsequences: false).reversed() {
        guard let address = ClientAddress(forwarded: entry) else { return sender }
        sender = address
        guard address.isIn(proxies) else { return sender }
      }
    }
    return sender
  }

  /// An address as proxies write it: some add the port, and brackets around IPv6 for that.
  private init?(forwarded entry: Substring) {
    var text = entry.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    if text.first == "[" {
      text = text.dropFirst().prefix { $0 != "]" }
    } else if text.contains("."), text.count(where: { $0 == ":" }) == 1 {
      text = text.prefix { $0 != ":" }
    }
    self.init(text)
  }
}
