// GET /v1/receipts/{id}: the signed receipt of a request, by its own id or that of its answer, and
// under the id `key` what it is checked with. `count` asks for the tree of the size that an invoice
// printed.

import Hummingbird
import JSON
import Metering

enum Receipts {
  static let route = Route(method: .get, path: "/v1/receipts/{id}") { exchange, name in
    let count = try QueryFields(exchange.request).integer("count", in: 1...Int(Int32.max))
    return .json(
      try await exchange.withLedger(.readOwnUsage) { ledger in
        if name == "key" {
          return [
            "object": "receipt_key", "algorithm": "Ed25519",
            "public_key": .string(hexText(try ledger.store.receiptKey())),
          ]
        }
        // Whose it is is looked up first: a month's tree is built for its owner only.
        guard let id = Metering.RequestID(inAnswerID: name),
          let row = try ledger.store.usageRow(id),
          row.account == ledger.account,
          row.key == ledger.principal.key || ledger.principal.role.may(.readUsage)
        else { throw APIError.unknownObject("receipt") }
        do {
          return try JSONValue.parse(ledger.store.receipt(id, count: count).encoded())
        } catch let error as UsageStoreError where error.code == .notFound {
          throw APIError.unknownObject("receipt")
        }
      })
  }
}
