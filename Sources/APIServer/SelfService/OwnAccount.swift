// POST /v1/account/terminate and /v1/account/request: the end of an account, and the wish for one.

import HTTPTypes
import Hummingbird
import JSON
import Metering

enum OwnAccount {
  /// Gives notice: the account's keys work for 30 more days.
  static let terminate = Route(method: .post, path: "/v1/account/terminate") { exchange, _ in
    try await exchange.withFields { fields throws in
      guard try fields.bool("confirm") == true else {
        throw fields.invalid("confirm", "confirmation_required", "must be true: the account ends")
      }
    }
    return .json(
      try await exchange.withLedger(.manageAccount) { ledger in
        let end = try ledger.store.terminate(ledger.account)
        ledger.meter.refreshKeys()
        // One that is stopped stays so.
        let state = try ledger.store.accounts().first { $0.id == ledger.account }?.state
        return [
          "object": "account", "state": .string("\(state ?? .terminating)"),
          "asked_at": .seconds(end.askedMilliseconds), "ends_at": .seconds(end.endsMilliseconds),
        ]
      })
  }

  /// Asks for an account, which the operator may let in. For people without a key, where the
  /// operator wants that. One of a name that is taken makes none, and its answer does not tell.
  static let request = Route(
    method: .post, path: "/v1/account/request", access: .open
  ) { exchange, _ in
    guard exchange.backend.configuration.takesAccountRequests else {
      throw APIError.accountRequestsOff
    }
    guard let meter = exchange.backend.meter else { throw APIError.noLedger }
    try meter.lookAtStranger(exchange.address?.network)
    let (name, email) = try await exchange.withFields { fields throws in
      guard let text = try fields.string("name") else { throw fields.missing("name") }
      guard let name = ShortName(text) else {
        throw fields.invalid(
          "name", "invalid_name", "must have 1 to 64 bytes and no control characters")
      }
      guard let email = try fields.string("email") else { throw fields.missing("email") }
      return (name, email)
    }
    return .json(
      try await exchange.withLedger(at: .everybody) { ledger in
        do {
          _ = try ledger.store.requestAccount(name, email: email)
        } catch let error as UsageStoreError where error.code == .constraint {
          // Answered alike: who the customers are is no stranger's business. Nothing was made.
        }
        return ["object": "account", "name": .string(name.text), "state": "pending"]
      })
  }
}

extension APIError {
  static let accountRequestsOff = APIError(
    status: .forbidden, kind: .permission, code: "account_requests_off",
    message: "This server takes no requests for accounts. Ask its operator.")
}
