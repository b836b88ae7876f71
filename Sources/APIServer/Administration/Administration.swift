// The administration over HTTP: what the command line does, for programs, on a listener of its own.
//
// The verbs are not listed here. Whoever runs the server hands them over, so that the commands and
// these routes are the same functions.

import HTTPTypes
import Hummingbird
import JSON
import Metering
import NIOCore

/// What the one who runs the server may do over HTTP.
package struct Administration: Sendable {
  /// What a verb came to.
  package struct Outcome: Sendable {
    /// Rows, one thing, or a text.
    package var result: JSONValue
    /// What the command would have told a person beside it.
    package var notes: [String]
    /// False where the verb looked and found something broken, or did a part of what it was to do.
    package var holds: Bool

    package init(result: JSONValue, notes: [String] = [], holds: Bool = true) {
      self.result = result
      self.notes = notes
      self.holds = holds
    }
  }

  /// Why a verb was not done.
  package struct Refusal: Error {
    let status: HTTPResponse.Status
    let code: String
    let message: String

    /// There is no such verb.
    package static let unknownVerb = Refusal(
      status: .notFound, code: "unknown_verb",
      message: "There is no such verb. GET /admin lists them all.")

    /// The arguments are not those of the verb, or the verb makes no sense just now.
    package static func invalid(_ message: String) -> Refusal {
      Refusal(status: .badRequest, code: "invalid_arguments", message: message)
    }

    private init(status: HTTPResponse.Status, code: String, message: String) {
      self.status = status
      self.code = code
      self.message = message
    }
  }

  /// Every verb with its arguments.
  let verbs: JSONValue
  /// Does a verb, named by its words with `/` between them.
  ///
  /// - Throws: ``Refusal``, `UsageStoreError`.
  let run: @Sendable (_ verb: String, _ arguments: JSONObject, UsageStore) throws -> Outcome

  package init(
    verbs: JSONValue,
    run: @escaping @Sendable (String, JSONObject, UsageStore) throws -> Outcome
  ) {
    self.verbs = verbs
    self.run = run
  }
}

extension Administration {
  static let list = Route(method: .get, path: "/admin", access: .administrator) { exchange, _ in
    guard let administration = exchange.backend.administration else { throw APIError.unknownRoute }
    return .json(administration.verbs)
  }

  static let verb = Route(
    method: .post, path: "/admin/{id}", access: .administrator
  ) { exchange, name in
    guard let administration = exchange.backend.administration else { throw APIError.unknownRoute }
    let arguments = try await exchange.withJSONBody { body throws in
      try RequestFields(body: body).members
    }
    let actor = exchange.withNotes { $0.administrator }.flatMap { ShortName("admin \($0)") }
    let outcome = try await exchange.withLedger(at: .administration) { ledger in
      try AuditActor.$current.withValue(actor) {
        defer { ledger.meter.refreshKeys() }
        return try administration.run(name, arguments, ledger.store)
      }
    }
    let notes = outcome.notes.map { JSONValue.string($0) }
    let body: JSONValue = [
      "result": outcome.result, "notes": .array(notes), "holds": .bool(outcome.holds),
    ]
    // What does not hold must not look like a success to a watcher that reads the status alone.
    return Response(
      status: outcome.holds ? .ok : .conflict, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.utf8())))
  }
}

extension APIError {
  init(_ refusal: Administration.Refusal) {
    self = .refused(refusal.status, refusal.code, refusal.message)
  }
}
