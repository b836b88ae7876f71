// GET /v1/receipts/{id}: the signed receipt of a request, and under the id `key` what it is checked
// with.

import Hummingbird
import JSON
import Metering

enum Receipts {
  static let route = Route(method: .get, path: "/v1/receipts/{id}") { exchange, name in
    .json(
      try await exchange.withLedger(.readOwnUsage) { ledger in
        if name == "key" {
          return [
            "object": "receipt_key", "algorithm": "Ed25519",
            "public_key": .string(hexText(try ledger.store.receiptKey())),
          ]
        }
        // Whose it is is looked up first: a month's tree is built for its owner only.
        guard let id = Metering.RequestID(name), let row = try ledger.store.usageRow(id),
          row.account == ledger.account,
          row.key == ledger.principal.key || ledger.principal.role.may(.readUsage)
        else { throw APIError.unknownObject("receipt") }
        return try JSONValue.parse(ledger.store.receipt(id).encoded())
      })
  }
}
