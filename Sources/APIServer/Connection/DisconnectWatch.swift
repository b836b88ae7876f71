// Tells whoever makes an answer that nobody waits for it any more.
//
// The one way of watching a connection that works for every request: Hummingbird's own
// `consumeWithInboundCloseHandler` lets a client that leaves at the wrong moment end the process,
// and waiting for a failed write is blind while a prompt is read.
//
// The end of what a client sends has two meanings that look the same: it closed its connection, or it
// closed only its own side and still reads (`nc -N`, `shutdown`). Who is told something finds out, for
// the system of a closed connection resets it. So as soon as the end has come, and again while an answer
// is made, something goes out that every client skips: `100 Continue` before an answer, a comment within
// a stream. Clients of HTTP/1.0 know no such thing, and are gone.

import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// A client of HTTP/1.0 has closed its side, of which `HTTPVersionGuard` knows alone.
enum OldClientClosed { case event }

/// One per connection. A client that closes or resets it is gone.
final class DisconnectWatch: ChannelDuplexHandler, RemovableChannelHandler, Sendable {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private struct State {
    var isGone = false
    var callback: (@Sendable () -> Void)?
    /// Requests that came whole and whose answers have not ended.
    var unansweredCount = 0
    /// The head of the answer that is being written.
    var head: HTTPResponse?
    var probe: Scheduled<Void>?
  }

  /// How often a client is asked that has closed its side.
  private let interval: TimeAmount
  private let state = Mutex(State())

  init(interval: TimeAmount = .seconds(15)) {
    self.interval = interval
  }

  /// Whether the client has gone.
  var isGone: Bool { state.withLock { $0.isGone } }

  /// Sets what is called once when the client goes, at once if it has gone already; nil to stop
  /// watching. The call comes on the event loop and must not block.
  func onGone(_ callback: (@Sendable () -> Void)?) {
    let isGone = state.withLock { state in
      state.callback = state.isGone ? nil : callback
      return state.isGone
    }
    if isGone { callback?() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .end = unwrapInboundIn(data) { state.withLock { $0.unansweredCount += 1 } }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): state.withLock { $0.head = head }
    case .body: break
    case .end:
      state.withLock { state in
        state.head = nil
        state.unansweredCount -= 1
      }
    }
    context.write(data, promise: promise)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is OldClientClosed { return clientWent() }
    context.fireUserInboundEventTriggered(event)
    guard event as? ChannelEvent == .inputClosed else { return }
    probe(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    clientWent()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    state.withLock { $0.probe.take() }?.cancel()
  }

  /// Says that nobody waits any more.
  func clientWent() {
    let (callback, probe) = state.withLock { state in
      state.isGone = true
      defer { (state.callback, state.probe) = (nil, nil) }
      return (state.callback, state.probe)
    }
    probe?.cancel()
    callback?()
  }

  /// Sends what a client skips that still reads.
  private func probe(_ context: ChannelHandlerContext) {
    let (isWaiting, head) = state.withLock { state in
      (!state.isGone && state.unansweredCount > 0, state.head)
    }
    guard isWaiting else { return }
    if head == nil {
      context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    } else if head?.headerFields[.contentType] == EventStream.mediaType, context.channel.isWritable
    {
      let comment = context.channel.allocator.buffer(string: EventStream.comment)
      context.writeAndFlush(wrapOutboundOut(.body(comment)), promise: nil)
    }
    let next = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.probe(context) }
    state.withLock { $0.probe = next }
  }
}
