// How many connections each address has open.

import Metering
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Open connections by the network that they come from.
final class ConnectionCounts: Sendable {
  private let counts = Mutex<(total: Int, byAddress: [NetworkAddress: Int])>((0, [:]))

  /// All open connections.
  var total: Int { counts.withLock { $0.total } }

  /// Counts a connection; false where its address has `limit` others.
  func enter(_ address: NetworkAddress?, limit: Int) -> Bool {
    counts.withLock { counts in
      counts.total += 1
      guard let address else { return true }
      counts.byAddress[address, default: 0] += 1
      return counts.byAddress[address, default: 0] <= limit
    }
  }

  func leave(_ address: NetworkAddress?) {
    counts.withLock { counts in
      counts.total -= 1
      guard let address, let count = counts.byAddress[address] else { return }
      counts.byAddress[address] = count > 1 ? count - 1 : nil
    }
  }
}

/// One per connection, in front of all others. A connection too many gets one refusal for its first
/// request and is closed.
final class AddressLimit: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias OutboundOut = HTTPResponsePart

  private let counts: ConnectionCounts
  private let limit: Int
  private let proxies: [AddressRange]
  private var address: NetworkAddress?
  private var isCounted = false
  private var isOver = false

  /// - Parameter proxies: whose connections are many clients'; no address is counted for them.
  init(_ counts: ConnectionCounts, limit: Int, proxies: [AddressRange]) {
    self.counts = counts
    self.limit = limit
    self.proxies = proxies
  }

  func channelActive(context: ChannelHandlerContext) {
    let peer = context.remoteAddress?.client
    address = peer?.isIn(proxies) == true ? nil : peer?.network
    isCounted = true
    isOver = !counts.enter(address, limit: limit)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isCounted { counts.leave(address) }
    isCounted = false
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isOver else { return context.fireChannelRead(data) }
    guard case .end = unwrapInboundIn(data) else { return }
    let refusal = APIError.tooManyConnections(limit: limit)
    let body = refusal.body
    var head = refusal.head(bodyBytes: body.count)
    head.headerFields[.connection] = "close"
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      channel.close(promise: nil)
    }
  }
}
