// Keeps an event stream from looking dead while a long prompt is read: proxies and clients close
// what is silent for too long.

import NIOCore
import NIOHTTPTypes

/// One per connection. While an event stream is being written and nothing was for `interval`, a
/// comment line goes out, which every client of server-sent events skips.
///
/// Every body part of a stream is made of whole events, so a comment between two parts is well
/// placed.
final class StreamKeepAlive: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let interval: TimeAmount
  private var lastWrite = NIODeadline.distantPast
  private var beat: Scheduled<Void>?

  init(interval: TimeAmount) {
    self.interval = interval
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      if head.headerFields[.contentType] == EventStream.mediaType { schedule(interval, context) }
    case .body:
      break
    case .end:
      beat?.cancel()
      beat = nil
    }
    lastWrite = .now()
    context.write(data, promise: promise)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    beat?.cancel()
  }

  private func schedule(_ delay: TimeAmount, _ context: ChannelHandlerContext) {
    beat = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
      let silence = NIODeadline.now() - self.lastWrite
      guard silence >= self.interval else {
        return self.schedule(self.interval - silence, context)
      }
      if context.channel.isWritable {
        let comment = context.channel.allocator.buffer(string: EventStream.comment)
        context.writeAndFlush(self.wrapOutboundOut(.body(comment)), promise: nil)
      }
      self.lastWrite = .now()
      self.schedule(self.interval, context)
    }
  }
}
