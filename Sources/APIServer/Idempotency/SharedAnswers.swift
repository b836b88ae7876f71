// All requests with an `Idempotency-Key`: those that run, and those that have run lately.

import Metering
import NIOCore
import Synchronization

/// Finds the answer that a request shares, or makes one.
final class SharedAnswers: Sendable {
  private struct State {
    var memory = RequestMemory<SharedAnswer>()
    var running: [ObjectIdentifier: SharedAnswer] = [:]
  }

  /// A request's place among those that wait for an answer.
  struct Place: Sendable {
    let answer: SharedAnswer
    let follower: Int
    /// Whether it has to do the work.
    let isFirst: Bool
  }

  /// The longest `Idempotency-Key`, in bytes.
  private static let keyBytes = 255

  private let secret = ProcessSecret()
  private let state = Mutex(State())

  /// How a request is known again, by its account and its `Idempotency-Key`.
  ///
  /// - Throws: 400 where the header is no such key.
  func name(
    of text: String, _ account: AccountID
  ) throws(APIError) -> RequestMemory<SharedAnswer>.Name {
    guard (1...Self.keyBytes).contains(text.utf8.count) else {
      throw .invalidIdempotencyKey(limit: Self.keyBytes)
    }
    guard let code = secret?.code(of: Array(text.utf8)) else { throw .internalError }
    return .init(account: account, code: code)
  }

  /// What is remembered of a request's body: of a form what its parts are called and hold, as each
  /// sending puts another boundary between them.
  ///
  /// - Parameter contentType: the header's text, for a form.
  func code(
    of body: ByteBuffer, route: Route, contentType: String?
  ) throws(APIError) -> SecretCode {
    var text = Array(route.path.utf8) + [0]
    text.reserveCapacity(text.count + body.readableBytes)
    let form: MultipartForm? =
      if route.body == .form {
        try? MultipartForm(Array(body.readableBytesView), contentType: contentType ?? "")
      } else { nil }
    if let form {
      for part in form.parts {
        text += Array("\(part.name.utf8.count) \(part.content.count) \(part.name)".utf8)
        text += part.content
      }
    } else {
      // What is no form is refused in the same way each time.
      text += body.readableBytesView
    }
    guard let code = secret?.code(of: text) else { throw .internalError }
    return code
  }

  /// Takes a request in.
  ///
  /// - Parameter fresh: its answer where none is shared.
  /// - Throws: 422 where the `Idempotency-Key` was used with another body.
  func enter(
    _ name: RequestMemory<SharedAnswer>.Name, body: SecretCode,
    fresh: SharedAnswer
  ) throws(APIError) -> Place {
    let place = state.withLock { state -> Place? in
      var joined: (SharedAnswer, Int)?
      let entrance = state.memory.enter(name, body: body, at: .now, fresh: fresh) { running in
        joined = running.join().map { (running, $0) }
        return joined != nil
      }
      if entrance == .other { return nil }
      if let (answer, follower) = joined {
        return Place(answer: answer, follower: follower, isFirst: false)
      }
      state.running[ObjectIdentifier(fresh)] = fresh
      return fresh.join().map { Place(answer: fresh, follower: $0, isFirst: true) }
    }
    guard let place else { throw .idempotencyKeyReused }
    return place
  }

  /// Forgets what ended too long ago, now and then, until the task is cancelled.
  func forgetOld() async {
    while (try? await Task.sleep(for: .seconds(30))) != nil {
      state.withLock { $0.memory.forget(before: .now) }
    }
  }

  /// Stops what still runs, and waits for it.
  func stop() async {
    for answer in state.withLock({ Array($0.running.values) }) { await answer.stop() }
  }

  /// An answer has ended, and with `isGood` did what was asked.
  func end(_ name: RequestMemory<SharedAnswer>.Name, _ answer: SharedAnswer, isGood: Bool) {
    state.withLock { state in
      state.memory.end(name, answer, isRemembered: isGood, at: .now)
      state.running[ObjectIdentifier(answer)] = nil
    }
  }
}

extension APIError {
  static func invalidIdempotencyKey(limit: Int) -> APIError {
    invalid(
      nil, "invalid_idempotency_key",
      "The header Idempotency-Key must have 1 to \(limit) bytes. A random UUID does.")
  }

  /// As the IETF's draft on this header has it; a client that tries again gains nothing.
  static let idempotencyKeyReused = refused(
    .unprocessableContent, "idempotency_key_reused",
    "This Idempotency-Key came with another body or to another route a short while ago. Send each "
      + "new request with a new key, and the same request again as it was.")
}
