// TLS between a socket and everything that speaks HTTP above it.

import NIOCore

/// One per connection, the first in its pipeline.
///
/// What is flushed together leaves in one record where it fits. While the socket takes nothing,
/// nothing is encrypted: whoever writes sees a full channel as without TLS. A peer that makes the
/// session reply and does not take the replies is read no further. A peer that breaks the protocol,
/// or does not finish its handshake in time, is closed.
final class TLSHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    case handshake
    case open
    /// We have said that we send nothing more, and may still read.
    case outputClosed
    case ended
  }

  private let session: TLSSession
  private let patience: TimeAmount
  private var state = State.handshake
  private var hasPeerClosed = false
  private var pending = TLSPendingWrites()
  /// The wish to close the output, until what was written before has left.
  private var closing: (isWanted: Bool, promise: EventLoopPromise<Void>?) = (false, nil)
  private var deadline: Scheduled<Void>?
  /// Replies of the session's own wait for a socket that takes nothing.
  private var owesReplies = false
  private var wantsRead = false

  /// Nil where memory is short.
  ///
  /// - Parameter patience: how long a handshake may take.
  init?(_ context: TLSContext, patience: TimeAmount) {
    guard let session = TLSSession(context) else { return nil }
    self.session = session
    self.patience = patience
  }

  // MARK: Inbound

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { expectHandshake(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    expectHandshake(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(ChannelError.eof)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end(ChannelError.eof)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state != .ended, !hasPeerClosed else { return }
    guard session.receive(unwrapInboundIn(data)) else { return fail(context) }
    if state == .handshake {
      switch session.handshake() {
      case .done:
        deadline?.cancel()
        state = .open
      case .needsInput: return send(context)
      case .closedByPeer, .failed: return fail(context)
      }
    }
    var plain = context.channel.allocator.buffer(capacity: TLSSession.recordBytes)
    let progress = session.read(into: &plain)
    send(context)
    if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
    switch progress {
    case .done, .needsInput: encrypt(context)
    case .closedByPeer: peerClosed(context)
    case .failed: fail(context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // The end of the bytes after the end of the session is no news.
    if event as? ChannelEvent == .inputClosed {
      if hasPeerClosed { return }
      if state == .handshake { return fail(context) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      owesReplies = false
      encrypt(context)
      if wantsRead {
        wantsRead = false
        context.read()
      }
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Outbound

  func read(context: ChannelHandlerContext) {
    if owesReplies { wantsRead = true } else { context.read() }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard state == .handshake || state == .open, !closing.isWanted else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    pending.append(unwrapOutboundIn(data), promise)
  }

  func flush(context: ChannelHandlerContext) {
    encrypt(context)
    context.flush()
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .input:
      context.close(mode: .input, promise: promise)
    case .output where state == .open && !closing.isWanted:
      closing = (true, promise)
      encrypt(context)
    case .output where state != .handshake:
      promise?.fail(ChannelError.outputClosed)
    case .output, .all:
      if state == .open {
        session.close()
        send(context)
      }
      end(ChannelError.ioOnClosedChannel)
      context.close(mode: .all, promise: promise)
    }
  }

  // MARK: Steps

  /// Encrypts what was written for as long as the socket takes it; then closes the output where
  /// that is wanted.
  private func encrypt(_ context: ChannelHandlerContext) {
    guard state == .open else { return }
    var hasWritten = false
    while context.channel.isWritable,
      let (bytes, promises) = pending.next(atMost: TLSSession.recordBytes)
    {
      guard session.write(bytes) else {
        for promise in promises { promise.fail(ChannelError.ioOnClosedChannel) }
        return fail(context)
      }
      hasWritten = true
      let promise = promises.first
      for other in promises.dropFirst() { promise?.futureResult.cascade(to: other) }
      if let record = session.takeOutput(context.channel.allocator) {
        context.write(wrapOutboundOut(record), promise: promise)
      } else {
        promise?.succeed()
      }
    }
    if hasWritten { context.flush() }
    if closing.isWanted, pending.isEmpty, state == .open { closeOutput(context) }
  }

  private func closeOutput(_ context: ChannelHandlerContext) {
    state = .outputClosed
    session.close()
    send(context)
    let promise = closing.promise
    closing.promise = nil
    if hasPeerClosed {
      end(ChannelError.eof)
      context.close(mode: .all, promise: promise)
    } else {
      context.close(mode: .output, promise: promise)
    }
  }

  /// The peer sends nothing more, which those above see as the end of a plain connection's input.
  private func peerClosed(_ context: ChannelHandlerContext) {
    hasPeerClosed = true
    if state == .outputClosed {
      end(ChannelError.eof)
      context.close(mode: .all, promise: nil)
    } else if state == .open {
      context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
  }

  /// Sends what the session has to say by itself.
  private func send(_ context: ChannelHandlerContext) {
    if let bytes = session.takeOutput(context.channel.allocator) {
      context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
      owesReplies = !context.channel.isWritable
    }
  }

  private func fail(_ context: ChannelHandlerContext) {
    guard state != .ended else { return }
    send(context)
    end(ChannelError.ioOnClosedChannel)
    context.close(mode: .all, promise: nil)
  }

  private func end(_ error: ChannelError) {
    state = .ended
    deadline?.cancel()
    pending.fail(error)
    closing.promise?.fail(error)
    closing.promise = nil
  }

  private func expectHandshake(_ context: ChannelHandlerContext) {
    guard deadline == nil else { return }
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
      if self.state == .handshake { self.fail(context) }
    }
  }
}
