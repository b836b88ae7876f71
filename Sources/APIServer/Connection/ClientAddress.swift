// Who a client is to limits that hold without a key.

import Metering
import NIOCore

extension SocketAddress {
  /// The client's network; nil where the connection has no IP address.
  var network: NetworkAddress? { ipAddress.flatMap { NetworkAddress($0) } }
}
