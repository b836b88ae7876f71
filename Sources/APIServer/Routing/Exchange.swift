// One request and what becomes of it: its identity, its clock, what the log will say of it.

import HTTPTypes
import Hummingbird
import JSON
import Logging
import Metering
import NIOCore
import Synchronization
import Tokenizer

/// What Hummingbird hands over with a request.
struct Connection: InitializableFromSource {
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    channel = source.channel
  }
}

/// A request that is being answered. Shared with whatever goes on after its handler returns: the
/// body of a stream.
final class Exchange: Sendable {
  /// What the end of the request tells the log. Numbers and codes; nothing that was said.
  struct Account {
    var requestID: Metering.RequestID
    var route = "-"
    var principal = Principal.local
    var rate: RateDecision?
    var usage: TokenUsage?
    var code: String?
    /// Whether the body is still being written when the handler returns, so that its writer logs.
    var endsWithBody = false
  }

  let backend: Backend
  let request: Request
  let channel: any Channel
  let arrival = ContinuousClock.now
  private let logger: Logger
  private let account: Mutex<Account>

  init(_ request: Request, _ connection: Connection, backend: Backend, logger: Logger) {
    self.backend = backend
    self.request = request
    self.logger = logger
    channel = connection.channel
    var generator = SystemRandomNumberGenerator()
    account = Mutex(
      Account(
        requestID: Metering.RequestID(
          wallMilliseconds: MeterClock.system.wallMilliseconds(), using: &generator)))
  }

  /// Since the request's head was read.
  var age: Duration { .now - arrival }

  /// Reads or changes what will be logged.
  func withAccount<Result>(_ body: (inout Account) -> Result) -> Result {
    account.withLock { body(&$0) }
  }

  /// Who is asking; nobody in particular until the key was looked at.
  var principal: Principal { withAccount { $0.principal } }

  /// What the answer says of itself.
  func identity(of model: BackendModel) -> AnswerIdentity {
    AnswerIdentity(requestID: withAccount { $0.requestID }, model: model.name)
  }

  /// Writes the request's line into the log. Called once, when everything was sent.
  func log(status: Int) {
    let account = withAccount { $0 }
    var metadata: Logger.Metadata = [
      "id": "\(account.requestID)", "method": "\(request.method.rawValue)",
      "route": "\(account.route)", "status": "\(status)", "ms": "\(age.milliseconds)",
      "key": "\(account.principal.key.rawValue)",
    ]
    if let usage = account.usage {
      metadata["prompt_tokens"] = "\(usage.promptTokens)"
      metadata["completion_tokens"] = "\(usage.completionTokens)"
    }
    if let code = account.code { metadata["code"] = "\(code)" }
    logger.info("request", metadata: metadata)
  }

  /// Notes an error that is the server's own. Its kind is logged; its text could quote anything.
  func log(internalError error: any Error) {
    logger.error(
      "internal error",
      metadata: [
        "id": "\(withAccount { $0.requestID })", "type": "\(type(of: error))",
      ])
  }

  /// The handler that knows when the client goes.
  func disconnectWatch() async throws -> DisconnectWatch {
    try await channel.pipeline.handler(type: DisconnectWatch.self).get()
  }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
