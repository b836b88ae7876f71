// What HTTP leaves to a server while it reads a request: a deadline for the body, an answer to
// what is no HTTP, `100 Continue`, and a decent end where a request is refused half read.

import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// The body of a request was still on its way when its time was over.
struct RequestBodyTimeout: Error {}

/// One per connection, between the HTTP decoder and Hummingbird.
final class RequestReadingGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// How long the rest of a refused request is read and thrown away. Closing at once would reset
  /// the connection and could destroy the refusal on its way.
  private static let lingering = TimeAmount.seconds(1)

  private let limits: Server.Limits
  private let routes: RouteTable
  /// What the body is that comes just now: recordings may be larger than anything else, and take longer.
  private var form = BodyForm.json
  /// Whether a request's head has come and its end has not.
  private var isReading = false
  private var unansweredCount = 0
  /// Whether what still comes is thrown away.
  private var isDiscarding = false
  /// What came behind the last request and was none; it is answered after that one.
  private var malformed: (any Error)?
  /// Whether the last answer of the connection is written.
  private var isLingering = false
  private var timer: Scheduled<Void>?

  init(limits: Server.Limits, routes: RouteTable) {
    self.limits = limits
    self.routes = routes
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDiscarding else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      isReading = true
      unansweredCount += 1
      form = routes.bodyForm(at: head.path ?? "")
      allowBody(of: head, context)
    case .body:
      break
    case .end:
      isReading = false
      timer?.cancel()
      timer = nil
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if isDiscarding {
      context.read()
    } else if isReading, timer == nil {
      let patience = TimeAmount(limits.duration(of: form))
      timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
        self.timer = nil
        self.isDiscarding = true
        context.fireErrorCaught(RequestBodyTimeout())
      }
    }
    context.fireChannelReadComplete()
  }

  /// Answers what cannot be read as a request, in its turn; a fault inside a body goes to whoever
  /// reads it.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is IOError || error is ChannelError { return context.fireErrorCaught(error) }
    if isDiscarding { return }
    if unansweredCount == 0 {
      refuse(error, context)
    } else if isReading {
      context.fireErrorCaught(error)
    } else {
      malformed = error
      isDiscarding = true
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !isLingering else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head) where isReading && head.status.kind != .informational:
      head.headerFields[.connection] = "close"
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .end:
      unansweredCount -= 1
      context.write(data, promise: promise)
      if isReading {
        linger(context)
      } else if unansweredCount == 0, let malformed {
        refuse(malformed, context)
      }
    default:
      context.write(data, promise: promise)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }

  /// Sends `100 Continue` where a client waits for it and its body would be accepted.
  private func allowBody(of head: HTTPRequest, _ context: ChannelHandlerContext) {
    let limit = limits.bytes(of: form)
    guard let expectation = head.headerFields[.expect], expectation.lowercased() == "100-continue",
      head.headerFields[.contentLength].flatMap({ Int($0) }) ?? 0 <= limit
    else { return }
    context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
  }

  /// Answers what is no request; the connection ends with it.
  private func refuse(_ error: any Error, _ context: ChannelHandlerContext) {
    unansweredCount += 1
    isReading = true
    isDiscarding = true
    let refusal = APIError(malformed: error)
    let body = refusal.body
    let parts: [HTTPResponsePart] = [
      .head(refusal.head(bodyBytes: body.count)), .body(ByteBuffer(bytes: body)), .end(nil),
    ]
    for part in parts { write(context: context, data: wrapOutboundOut(part), promise: nil) }
    context.flush()
  }

  private func linger(_ context: ChannelHandlerContext) {
    isLingering = true
    isDiscarding = true
    timer?.cancel()
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: Self.lingering) { channel.close(promise: nil) }
    context.read()
  }
}
