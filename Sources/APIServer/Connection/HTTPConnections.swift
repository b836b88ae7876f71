// A listener's connections: requests in, the frontend's responses out.
//
// Hummingbird's `Application` would do the same and make an id, a logger and a task-local value for
// each request, none of which is used here; and handlers of the channel could be reached by two
// changes of thread only.

import HTTPTypes
import HummingbirdCore
import Logging
import Metering
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// What is known of a request's connection.
struct Connection: Sendable {
  let channel: any Channel
  let watch: DisconnectWatch
  /// Where the peer is; nil where it has no IP address.
  let address: ClientAddress?
  /// Those that speak for their clients where the peer is one of them; else none.
  let proxies: [AddressRange]
}

/// HTTP/1.1 under the server's limits.
struct HTTPConnections: ServerChildChannel {
  struct Value: ServerChildChannelValue {
    let claim: ConnectionClaim
    let watch: DisconnectWatch

    var channel: any Channel { claim.channel }
  }

  /// A request broke off while its answer was written; there is nobody to be told.
  private struct BrokenOff: Error {}

  let frontend: Frontend
  let limits: Server.Limits
  let counts: ConnectionCounts
  /// Networks whose peers say whom they speak for.
  let proxies: [AddressRange]

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    let watch = DisconnectWatch(interval: TimeAmount(limits.keepAliveInterval))
    let configuration = HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        AddressLimit(counts, limit: limits.connectionsPerAddress, proxies: proxies),
        RequestReadingGuard(limits: limits, routes: frontend.routes),
        watch,
        StreamKeepAlive(interval: TimeAmount(limits.keepAliveInterval)),
        StalledReaderGuard(patience: TimeAmount(limits.stallDuration)),
      ],
      idleTimeout: TimeAmount(limits.idleDuration),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: limits.headerFieldBytes, maxHeaderListSize: limits.headerBytes,
        maxHeaderFieldCount: limits.headerCount))
    return HTTP1Channel(responder: { _, _, _ in }, configuration: configuration)
      .setup(channel: channel, logger: logger)
      .flatMapThrowing {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(HTTPVersionGuard(), position: .after(decoder))
        return Value(claim: ConnectionClaim($0), watch: watch)
      }
  }

  func handle(value: Value, logger: Logger) async {
    guard let parts = value.claim.take() else { return }
    let address = value.channel.remoteAddress?.client
    let connection = Connection(
      channel: value.channel, watch: value.watch, address: address,
      proxies: address?.isIn(proxies) == true ? proxies : [])
    let responder: HTTPChannelHandler.Responder = { [frontend] request, writer, _ in
      let response = await frontend.respond(to: request, connection)
      do {
        try await writer.write(response: response.head, body: response.body)
      } catch is HTTPParserError {
        // Thrown on, it would be answered a second time.
        throw BrokenOff()
      }
    }
    await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
      await HTTP1Channel(responder: responder).handle(value: parts, logger: logger)
    }
  }
}
