// One request and what becomes of it: its identity, its clock, what the log will say of it.

import HTTPTypes
import Hummingbird
import JSON
import Logging
import Metering
import NIOCore
import Synchronization
import Tokenizer

/// A request that is being answered. Shared with whatever goes on after its handler returns: the
/// body of a stream.
final class Exchange: Sendable {
  /// What the end of the request tells the log. Numbers and codes; nothing that was said.
  struct Notes {
    var requestID: Metering.RequestID
    var route = "-"
    var errors = ErrorShape.openAI
    var principal = Principal.local
    /// The key of the administration that came along.
    var administrator: KeyName?
    var rate: RateDecision?
    /// The model that is asked, as soon as it is known.
    var model: ModelID?
    /// The notice that was given for it.
    var retirement: ModelRetirement?
    var usage: TokenUsage?
    var code: String?
    /// Whether it shares the answer of another request.
    var isJoined = false
    /// The answer, where others may wait for it besides this request's client.
    var shared: SharedAnswer?
    /// Whether the body of a stream was asked for, which it is behind its head.
    var isBodyTaken = false
    /// Whether the body is still being written when the handler returns, so that its writer logs.
    var endsWithBody = false
  }

  let backend: Backend
  let request: Request
  /// Where the client is; nil where its connection has no IP address.
  let address: ClientAddress?
  /// Knows when the client goes.
  let connectionWatch: DisconnectWatch
  /// What the request came in by.
  private let channel: any Channel
  let arrival = ContinuousClock.now
  private let logger: Logger
  /// Whether the request came before the server was told to stop.
  let isTaken: Bool
  private let notes: Mutex<Notes>
  /// The body, where somebody has read it before the endpoint does.
  private let bufferedBody = Mutex<ByteBuffer?>(nil)

  init(_ request: Request, _ connection: Connection, backend: Backend, logger: Logger) {
    self.backend = backend
    self.request = request
    self.logger = logger
    isTaken = backend.activity.begin()
    address =
      connection.proxies.isEmpty
      ? connection.address
      : connection.address?.sender(request.headers, behind: connection.proxies)
    connectionWatch = connection.watch
    channel = connection.channel
    var generator = SystemRandomNumberGenerator()
    notes = Mutex(
      Notes(
        requestID: Metering.RequestID(
          wallMilliseconds: MeterClock.system.wallMilliseconds(), using: &generator)))
  }

  /// The request ends when nobody holds it any more: the body of a stream does until it is written.
  deinit {
    if isTaken { backend.activity.end() }
  }

  var eventLoop: any EventLoop { channel.eventLoop }

  /// Closes the connection of a client that does not read what it asked for.
  func closeConnection() { channel.close(promise: nil) }

  /// Since the request's head was read.
  var age: Duration { .now - arrival }

  /// Reads or changes what will be logged.
  func withNotes<Result>(_ body: (inout Notes) -> Result) -> Result {
    notes.withLock { body(&$0) }
  }

  /// Knows when nobody waits for the answer any more.
  var watch: DisconnectWatch { withNotes { $0.shared?.watch } ?? connectionWatch }

  /// The status that clients have seen which go before an answer's end: a stream's, where its head has
  /// gone out to anybody.
  var statusIfClientGoes: Int {
    let (shared, isBodyTaken) = withNotes { ($0.shared, $0.isBodyTaken) }
    return shared?.isTold ?? isBodyTaken ? 200 : APIError.clientGone.status.code
  }

  /// The status that clients see of an answer that fails: a stream's, where its body was asked for.
  func statusSeen(_ failure: HTTPResponse.Status) -> Int {
    withNotes { $0.isBodyTaken } ? 200 : failure.code
  }

  /// Notes that the answer fails, perhaps behind a head that said otherwise: its `Idempotency-Key`
  /// is free again.
  func noteFailure(_ refusal: APIError) {
    let shared = withNotes { notes in
      notes.code = refusal.code
      return notes.shared
    }
    shared?.noteFailure()
  }

  /// Keeps the body for the endpoint.
  func keep(_ body: ByteBuffer) { bufferedBody.withLock { $0 = body } }

  /// The body that was kept, to be taken once.
  func takeBody() -> ByteBuffer? { bufferedBody.withLock { $0.take() } }

  /// Who is asking; nobody in particular until the key was looked at.
  var principal: Principal { withNotes { $0.principal } }

  /// What the metadata profile may name of the client.
  var client: ClientTraits {
    ClientTraits(address: address?.network, userAgent: request.headers[.userAgent])
  }

  /// What the answer says of itself.
  func identity(of model: BackendModel) -> AnswerIdentity {
    AnswerIdentity(requestID: withNotes { $0.requestID }, model: model.name)
  }

  /// Counts the request and writes its line into the log. Called once, when everything was sent.
  func log(status: Int) {
    let notes = withNotes { $0 }
    backend.metrics.ended(.init(route: notes.route, status: status), after: age)
    // In one text: a dictionary of metadata would cost more than all else that is logged.
    logger.info("\(line(notes, status, age.milliseconds))")
  }

  private func line(_ notes: Notes, _ status: Int, _ milliseconds: Int64) -> String {
    var line = "request id=\(notes.requestID) method=\(request.method.rawValue)"
    line += " route=\(notes.route) status=\(status) ms=\(milliseconds)"
    line += " key=\(notes.principal.key.rawValue)"
    if notes.isJoined { line += " joined=true" }
    if let usage = notes.usage {
      line += " prompt_tokens=\(usage.promptTokens) completion_tokens=\(usage.completionTokens)"
      if usage.audioMilliseconds > 0 { line += " audio_ms=\(usage.audioMilliseconds)" }
    }
    if let code = notes.code { line += " code=\(code)" }
    return line
  }

  /// Notes an error that is the server's own. Its kind is logged; its text could quote anything.
  func log(internalError error: any Error) {
    logger.error(
      "internal error",
      metadata: [
        "id": "\(withNotes { $0.requestID })", "type": "\(type(of: error))",
      ])
  }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
