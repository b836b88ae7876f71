// Tells whoever makes an answer that nobody waits for it any more.
//
// The one way of watching a connection that works for every request: Hummingbird's own
// `consumeWithInboundCloseHandler` lets a client that leaves at the wrong moment end the process,
// and waiting for a failed write is blind while a prompt is read.

import NIOCore
import Synchronization

/// One per connection. A client that closes, resets or half-closes its side is gone: a request
/// whose sender shuts down its writing side is cancelled, as a closed one is.
final class DisconnectWatch: ChannelInboundHandler, RemovableChannelHandler, Sendable {
  typealias InboundIn = NIOAny

  private struct State {
    var isGone = false
    var callback: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

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

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { clientWent() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    clientWent()
    context.fireChannelInactive()
  }

  /// Says that nobody waits any more.
  func clientWent() {
    let callback = state.withLock { state in
      state.isGone = true
      defer { state.callback = nil }
      return state.callback
    }
    callback?()
  }
}
