// What a key holder sees and does of their own account. Every look into the ledger from a request
// goes through here: the right is checked first, and one thread at a time works on the files for all
// who ask alike (`LedgerDesk`), so that nobody's report slows the answers of others.

import HTTPTypes
import JSON
import Metering

/// The ledger as the holder of one key may see it.
struct OwnLedger: Sendable {
  let meter: Meter
  let principal: Principal
  var store: UsageStore { meter.store }
  var account: AccountID { principal.account }

  /// The record of the key that asks; nil on this machine without keys.
  var key: KeyRecord? { meter.record(of: principal) }

  /// Milliseconds since 1970.
  var now: Int64 { meter.wallMilliseconds }
}

extension Exchange {
  /// Works on the ledger for whoever asks, away from Swift's own threads.
  ///
  /// - Parameters:
  ///   - right: what the role of the key has to allow; nil for what everybody may.
  ///   - desk: whose turns are waited for.
  /// - Throws: 403 where the role of the key does not have the right, 501 where nothing is recorded,
  ///   503 where too many wait.
  func withLedger<Result: Sendable>(
    _ right: Right? = nil, at desk: LedgerDesk = .customers,
    _ body: @escaping @Sendable (OwnLedger) throws -> Result
  ) async throws -> Result {
    guard let meter = backend.meter else { throw APIError.noLedger }
    let ledger = OwnLedger(meter: meter, principal: principal)
    if let right { try ledger.principal.require(right) }
    let name = ledger.key.flatMap { ShortName("key \($0.name)") } ?? ShortName("local")
    return try await desk.work { try AuditActor.$current.withValue(name) { try body(ledger) } }
  }
}

extension APIError {
  static let noLedger = APIError(
    status: .notImplemented, kind: .server, code: "no_ledger",
    message: "This server keeps no records, so there are none to show or change.")

  /// Something of the account that is not there, or is another account's: the same answer for both.
  static func unknownObject(_ kind: String) -> APIError {
    .refused(
      .notFound, "\(kind)_not_found",
      "Your account has no \(kind.replacing("_", with: " ")) of this name.")
  }
}

extension JSONValue {
  /// Euros as a number, as clients of other services expect them; amounts to reckon with stand
  /// beside it as text.
  static func euros(_ amount: MoneySum) -> JSONValue {
    .number(Double(amount.rawValue) / 1e12)
  }

  /// Euros as a number.
  static func euros(_ amount: PicoEuro) -> JSONValue { euros(MoneySum(amount)) }

  /// Whole seconds since 1970, null where there is no such moment.
  static func seconds(_ wallMilliseconds: Int64?) -> JSONValue {
    wallMilliseconds.map { .integer($0 / 1000) } ?? .null
  }
}

/// A list that is handed out in pages, in the shape of OpenAI's lists.
struct ListPage {
  /// The elements behind a cursor, so many of them.
  ///
  /// - Parameter elements: in the order of the list, each with the id that a cursor names.
  /// - Throws: 400 for a cursor that is none of the ids.
  static func answer(
    _ elements: [(id: String, value: JSONObject)], _ query: QueryFields
  ) throws(APIError) -> JSONValue {
    let limit = try query.integer("limit", in: 1...100) ?? 20
    var rest = elements[...]
    if let after = query.text("after") {
      guard let place = elements.firstIndex(where: { $0.id == after }) else {
        throw query.invalid("after", "is not the id of an element of this list")
      }
      rest = elements[(place + 1)...]
    }
    let page = rest.prefix(limit)
    return [
      "object": "list", "data": .array(page.map { .object($0.value) }),
      "first_id": page.first.map { .string($0.id) } ?? .null,
      "last_id": page.last.map { .string($0.id) } ?? .null,
      "has_more": .bool(page.count < rest.count),
    ]
  }
}
