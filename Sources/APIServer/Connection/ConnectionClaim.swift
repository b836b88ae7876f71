// A connection between the moment it is accepted and the moment somebody handles it. A listener that is
// closed just then drops it, and NIO ends the process for a channel whose writer was never finished.

import NIOCore
import NIOHTTPTypes
import Synchronization

/// A connection's channel, to be taken once. One that nobody takes is closed with this object.
package final class ConnectionClaim: Sendable {
  package typealias Parts = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  package let channel: any Channel
  private let parts: Mutex<Parts?>

  package init(_ parts: Parts) {
    channel = parts.channel
    self.parts = Mutex(parts)
  }

  deinit {
    guard let parts = take() else { return }
    Task(executorPreference: EventLoopExecutor(channel.eventLoop)) {
      try? await parts.executeThenClose { _, _ in }
    }
  }

  /// The channel at the first call, nil ever after. Whoever takes it has to finish it.
  package func take() -> Parts? { parts.withLock { $0.take() } }
}
