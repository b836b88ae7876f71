// A client that sends exactly the bytes it is told to, and reads what comes back: what no decent
// HTTP library would do, and what every server meets.

import NIOCore
import NIOPosix
import Testing

/// One TCP connection.
struct RawConnection: Sendable {
  private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

  /// Connects, hands over the connection, and closes it.
  static func open<Result: Sendable>(
    port: Int, _ body: @Sendable (inout RawExchange) async throws -> Result
  ) async throws -> Result {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var exchange = RawExchange(
        outbound: outbound, iterator: inbound.makeAsyncIterator(), channel: channel.channel)
      return try await body(&exchange)
    }
  }

  /// Sends bytes and reads until the server closes.
  static func send(_ text: String, port: Int) async throws -> HTTPAnswer {
    try await open(port: port) { exchange in
      try await exchange.send(text)
      return try await exchange.answer()
    }
  }
}

/// What a test does with an open connection.
struct RawExchange {
  let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  let channel: any Channel
  private var received = ""

  init(
    outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
    iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator, channel: any Channel
  ) {
    self.outbound = outbound
    self.iterator = iterator
    self.channel = channel
  }

  func send(_ text: String) async throws {
    try await outbound.write(ByteBuffer(string: text))
  }

  func send(bytes: [UInt8]) async throws {
    try await outbound.write(ByteBuffer(bytes: bytes))
  }

  /// Says that nothing more will be sent.
  func halfClose() { outbound.finish() }

  /// Has the connection reset, and not closed, when it ends.
  func resetAtEnd() async throws {
    let options = try #require(channel as? any SocketOptionProvider)
    try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
  }

  /// Reads until `mark` has come, or the server closes; gives everything so far.
  mutating func read(until mark: String) async throws -> String {
    while !received.contains(mark), let more = try await iterator.next() {
      received += String(buffer: more)
    }
    return received
  }

  /// Reads one whole answer and takes it from what was received.
  mutating func answer() async throws -> HTTPAnswer {
    _ = try await read(until: "\r\n\r\n")
    while true {
      if let (answer, rest) = HTTPAnswer.parse(received, isClosed: false) {
        received = rest
        return answer
      }
      guard let more = try await iterator.next() else { break }
      received += String(buffer: more)
    }
    guard let (answer, _) = HTTPAnswer.parse(received, isClosed: true) else {
      throw NoAnswer(received: received)
    }
    return answer
  }

  /// Waits until the server has closed its side. Where it had not read all that was sent, the system
  /// tells that as a reset.
  mutating func waitForClose() async throws {
    do {
      while try await iterator.next() != nil {}
    } catch let error as IOError where error.errnoCode == ECONNRESET {}
  }
}

/// The connection ended without an answer.
struct NoAnswer: Error { let received: String }
