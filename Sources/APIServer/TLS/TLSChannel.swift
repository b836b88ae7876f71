// A listener's connections behind TLS.

import HummingbirdCore
import Logging
import NIOCore

/// Puts TLS in front of what another kind of channel does.
struct TLSChannel<Base: ServerChildChannel>: ServerChildChannel {
  /// Memory for a session is short.
  struct NoSession: Error {}

  let base: Base
  let certificate: TLSCertificate
  /// How long a handshake may take.
  let patience: TimeAmount

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    channel.eventLoop.makeCompletedFuture {
      guard let handler = TLSHandler(certificate.context, patience: patience) else {
        throw NoSession()
      }
      try channel.pipeline.syncOperations.addHandler(handler)
    }.flatMap { base.setup(channel: channel, logger: logger) }
  }

  func handle(value: Base.Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}
