// Where the work of requests is done, and what becomes of connections that come too late.

import APIServer
import NIOCore
import NIOPosix
import Testing

@Suite struct ConnectionTests {
  @Test func aTaskStaysOnItsLoopHoweverOftenItWaits() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let (loop, other) = (group.next(), group.next())
    let (places, away) = await withTaskExecutorPreference(EventLoopExecutor(loop)) {
      var places = [loop.inEventLoop]
      for _ in 0..<3 {
        await Task.yield()
        places.append(loop.inEventLoop)
        // Whatever wakes it, and from wherever.
        await withCheckedContinuation { continuation in other.execute { continuation.resume() } }
        places.append(loop.inEventLoop)
      }
      async let child = loop.inEventLoop
      places.append(await child)
      let away = await withTaskExecutorPreference(globalConcurrentExecutor) { loop.inEventLoop }
      places.append(loop.inEventLoop)
      return (places, away)
    }
    #expect(places.count == 9 && places.allSatisfy { $0 })
    #expect(!away)
    try await group.shutdownGracefully()
  }

  /// Reading a ledger, a page of a portal or a file of metrics may take long.
  @Test func onlyWhatGeneratesTextRunsOnTheLoop() {
    let paths = RouteDescription.all.filter(\.runsOnEventLoop).map(\.path)
    #expect(
      Set(paths) == [
        "/health", "/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/responses",
      ])
  }

  /// What a listener drops that was closed in the same moment.
  @Test(.timeLimit(.minutes(5))) func aConnectionThatNobodyTakesIsClosed() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let listener = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
    let address = try #require(listener.localAddress)
    @Sendable func connect() async throws -> ConnectionClaim {
      try await ClientBootstrap(group: group).connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          ConnectionClaim(try ConnectionClaim.Parts(wrappingChannelSynchronously: channel))
        }
      }
    }
    // Beside other tests each change of threads can take a minute.
    try await withTaskExecutorPreference(EventLoopExecutor(group.next())) {
      var claim: ConnectionClaim? = try await connect()
      let dropped = try #require(claim?.channel)
      claim = nil
      try await dropped.closeFuture.get()
      // One that is taken is its taker's.
      claim = try await connect()
      let parts = try #require(claim?.take())
      #expect(claim.map { $0.take() == nil } == true)
      claim = nil
      try await parts.executeThenClose { _, _ in #expect(parts.channel.isActive) }
    }
    try await listener.close()
    try await group.shutdownGracefully()
  }
}
