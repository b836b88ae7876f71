// GET /v1/notices, GET /v1/terms and POST /v1/terms/accept: what customers are told and agree to.

import Hummingbird
import JSON
import Metering

enum Announcements {
  static let notices = Route(method: .get, path: "/v1/notices") { exchange, _ in
    let query = QueryFields(exchange.request)
    return .json(
      try await exchange.withLedger(.readOwnUsage) { ledger in
        // What concerns the account alone (warnings, invoices) is not for each of its programs.
        let seesAll = ledger.principal.role.may(.readInvoices)
        let rows = try ledger.store.notices(for: ledger.account)
          .filter { $0.account == nil || seesAll }
          .map { (id: "\($0.id)", value: $0.card) }
        return try ListPage.answer(rows, query)
      })
  }

  static let terms = Route(method: .get, path: "/v1/terms") { exchange, _ in
    .json(
      try await exchange.withLedger(.readOwnUsage) { ledger in
        let all = try ledger.store.terms()
        let current = all.last { $0.effectiveMilliseconds <= ledger.now }?.version
        return [
          "object": "list",
          "data": .array(
            try all.reversed().map { terms in
              [
                "object": "terms", "version": .integer(terms.version),
                "title": .string(terms.title), "sha256": .string(hexText(terms.hash)),
                "effective_at": .seconds(terms.effectiveMilliseconds),
                "is_current": .bool(terms.version == current),
                "accepted_at": .seconds(
                  try ledger.store.acceptance(of: terms.version, by: ledger.account)),
              ]
            }),
        ]
      })
  }

  static let accept = Route(method: .post, path: "/v1/terms/accept") { exchange, _ in
    let version = try await exchange.withFields { fields throws in
      guard let version = try fields.integer("version", in: 1...Int.max) else {
        throw fields.missing("version")
      }
      return Int64(version)
    }
    return .json(
      try await exchange.withLedger(.manageAccount) { ledger in
        guard try ledger.store.terms().contains(where: { $0.version == version }) else {
          throw APIError.unknownObject("terms")
        }
        try ledger.store.accept(version, by: ledger.account, atMilliseconds: ledger.now)
        return [
          "object": "acceptance", "version": .integer(version),
          "accepted_at": .seconds(
            try ledger.store.acceptance(of: version, by: ledger.account)),
        ]
      })
  }
}

extension NoticeRecord {
  fileprivate var card: JSONObject {
    [
      "object": "notice", "id": .string("\(id)"), "title": .string(title),
      "body": .string(body), "published_at": .seconds(atMilliseconds),
      "is_for_all": .bool(account == nil), "invoice": invoice.map { .string($0) } ?? .null,
    ]
  }
}
