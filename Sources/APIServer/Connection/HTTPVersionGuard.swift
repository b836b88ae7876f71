// What HTTP asks of a server beyond reading requests, by their version: clients of HTTP/1.0 know no
// chunks and take the end of the connection for the end of an answer, a request of HTTP/1.1 has
// one host, who offers another protocol goes on with this one, and who asks for the end of the connection
// gets it (RFC 9112, 3.2, 6.1, 9.3 and 9.6; RFC 9110, 7.8).

import NIOCore
import NIOHTTP1

/// One per connection, beside the HTTP decoder: behind it nobody knows a request's version.
final class HTTPVersionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// A request whose answer has not ended.
  private struct Pending {
    let isOld: Bool
    /// Whether the connection ends behind it.
    let isLast: Bool
  }

  private var pending: [Pending] = []
  /// Whether the last request of the connection has come.
  private var isOver = false
  /// Whether a request was refused, after which nothing is read.
  private var isRefused = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    guard head.headers["host"].count <= 1 else {
      isRefused = true
      return context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
    }
    let isOld = head.version == .http1_0
    // The decoder reads nothing behind a request that offers another protocol.
    let isLast =
      isOld || head.headers.contains(name: "upgrade") || head.method == .CONNECT
      || head.headers[canonicalForm: "connection"].contains { Self.isClose($0) }
    if isLast {
      isOver = true
      // In the one spelling that is looked for behind this. Also of those who would keep it: an answer
      // that is written piece by piece has no other end.
      head.headers.replaceOrAdd(name: "connection", value: "close")
    }
    pending.append(Pending(isOld: isOld, isLast: isLast))
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  /// Whether an option of `Connection` asks for its end; options have no upper and lower case.
  private static func isClose(_ option: Substring) -> Bool {
    option.utf8.elementsEqual("close".utf8) { $0 | 0x20 == $1 }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if pending.last?.isOld == true, event as? ChannelEvent == .inputClosed {
      context.fireUserInboundEventTriggered(OldClientClosed.event)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What comes behind the last request is not answered, also not as a fault, in however many pieces it
    // comes. Where only the parser takes a request for the last one, the fault ends the connection.
    var fault = error
    if case .dataReceivedInErrorState(let first, _)? = error as? ByteToMessageDecoderError {
      fault = first
    }
    if isOver, fault as? HTTPParserError == .closedConnection { return }
    context.fireErrorCaught(error)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard let request = pending.first else { return context.write(data, promise: promise) }
    switch unwrapOutboundIn(data) {
    case .head(let head) where request.isOld && (100..<200).contains(head.status.code):
      // They would take an interim answer for the answer (RFC 9110, 15.2).
      promise?.succeed()
    case .head(var head) where request.isLast && head.status.code >= 200:
      if request.isOld { head.version = .http1_0 }
      head.headers.replaceOrAdd(name: "connection", value: "close")
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .end:
      pending.removeFirst()
      context.write(data, promise: promise)
    default:
      context.write(data, promise: promise)
    }
  }
}
