// What HTTP asks of a server beyond reading requests, by their version: clients of HTTP/1.0 know no
// chunks and take the end of the connection for the end of an answer, and a request of HTTP/1.1 has
// one host (RFC 9112, 3.2, 6.1 and 9.3).

import NIOCore
import NIOHTTP1

/// One per connection, beside the HTTP decoder: behind it nobody knows a request's version.
final class HTTPVersionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// Whether the last request was one of HTTP/1.0.
  private var isOld = false
  /// Whether a request was refused, after which nothing is read.
  private var isRefused = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    guard head.headers["host"].count <= 1 else {
      isRefused = true
      return context.fireErrorCaught(HTTPParserError.invalidHost)
    }
    isOld = head.version == .http1_0
    if isOld {
      // Also of those who would keep it: an answer that is written piece by piece has no other end.
      head.headers.replaceOrAdd(name: "connection", value: "close")
    }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard isOld, case .head(var head) = unwrapOutboundIn(data) else {
      return context.write(data, promise: promise)
    }
    head.version = .http1_0
    head.headers.replaceOrAdd(name: "connection", value: "close")
    context.write(wrapOutboundOut(.head(head)), promise: promise)
  }
}
