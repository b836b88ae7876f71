// That whatever was begun for a stream comes to its end, whether anybody asks for its body or not.

/// That a stream is told. Where the client goes before the head of its response could be written,
/// nobody asks for the body; the answer ends and is settled all the same.
final class StreamDuty: Sendable {
  private let exchange: Exchange
  private let end: @Sendable () async -> Void

  /// - Parameter end: stops the work and waits until it is settled.
  init(_ exchange: Exchange, end: @escaping @Sendable () async -> Void) {
    self.exchange = exchange
    self.end = end
  }

  deinit {
    guard !exchange.withNotes({ $0.isBodyTaken }) else { return }
    Task { [exchange, end] in
      await end()
      exchange.withNotes { $0.code = APIError.clientGone.code }
      exchange.log(status: APIError.clientGone.status.code)
    }
  }

  /// The body is asked for.
  func take() { exchange.withNotes { $0.isBodyTaken = true } }
}
