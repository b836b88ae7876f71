// GET /v1/invoices, /v1/invoices/{id}, and /v1/disputes: what the account owes, as JSON, as a page
// and as an electronic invoice, and what it does not agree with.

import HTTPTypes
import Hummingbird
import JSON
import Metering
import NIOCore

enum Invoices {
  /// The forms of a document.
  private enum Form: String, CaseIterable { case json, html, ubl }

  static let list = Route(method: .get, path: "/v1/invoices") { exchange, _ in
    let query = QueryFields(exchange.request)
    return .json(
      try await exchange.withLedger(.readInvoices) { ledger in
        let rows = try ledger.store.invoices(account: ledger.account).reversed()
          .map { (id: $0.document.number, value: $0.card(at: ledger.now)) }
        return try ListPage.answer(rows, query)
      })
  }

  static let one = Route(method: .get, path: "/v1/invoices/{id}") { exchange, number in
    let form = try QueryFields(exchange.request).choice("format", Form.self) ?? .json
    return try await exchange.withLedger(.readInvoices) { ledger in
      let record = try ledger.invoice(number)
      switch form {
      case .json:
        var card = record.card(at: ledger.now)
        card["sha256"] = .string(hexText(record.hash))
        card["document"] = try JSONValue.parse(record.document.encoded())
        return .json(.object(card))
      case .html:
        // The page has no script and asks for nothing else.
        return .file(
          record.document.html, "text/html; charset=utf-8",
          [.contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'"])
      case .ubl:
        let name = "attachment; filename=\"\(record.document.fileName).xml\""
        return .file(
          record.document.ubl, "application/xml; charset=utf-8", [.contentDisposition: name])
      }
    }
  }

  static let disputes = Route(method: .get, path: "/v1/disputes") { exchange, _ in
    let query = QueryFields(exchange.request)
    return .json(
      try await exchange.withLedger(.readInvoices) { ledger in
        let own = Set(
          try ledger.store.invoices(account: ledger.account).map(\.document.number))
        let rows = try ledger.store.disputes().filter { own.contains($0.number) }.reversed()
          .map { (id: "\($0.id)", value: $0.card) }
        return try ListPage.answer(rows, query)
      })
  }

  /// Opens a dispute over a line, within 30 days of the invoice.
  static let dispute = Route(method: .post, path: "/v1/disputes") { exchange, _ in
    let (number, line) = try await exchange.withFields { fields throws in
      guard let number = try fields.string("invoice") else { throw fields.missing("invoice") }
      guard let line = try fields.integer("line", in: 1...100_000) else {
        throw fields.missing("line")
      }
      return (number, line)
    }
    return .json(
      .object(
        try await exchange.withLedger(.readInvoices) { ledger in
          let record = try ledger.invoice(number)
          return try ledger.store.openDispute(record.document.number, line: line).card
        }))
  }
}

extension OwnLedger {
  /// The account's document of this number.
  fileprivate func invoice(_ number: String) throws -> InvoiceRecord {
    let found = try store.invoices(account: account).first { $0.document.number == number }
    guard let found else { throw APIError.unknownObject("invoice") }
    return found
  }
}

extension InvoiceRecord {
  fileprivate func card(at now: Int64) -> JSONObject {
    [
      "object": .string(document.kind.rawValue), "id": .string(document.number),
      "month": .string(document.month), "issued": .string(document.issued),
      "due": .string(document.due), "state": .string(state(at: now).rawValue),
      "currency": "eur", "net_cents": .integer(document.netCents),
      "tax_cents": .integer(document.taxCents), "total_cents": .integer(document.grossCents),
      "paid_cents": .integer(paidCents), "disputed_cents": .integer(disputedCents),
      "open_cents": .integer(openCents), "overpaid_cents": .integer(overpaidCents),
      "credited_by": creditedBy.last.map { .string($0) } ?? .null,
      "credit_notes": .array(creditedBy.map { .string($0) }),
    ]
  }
}

extension DisputeRecord {
  fileprivate var card: JSONObject {
    [
      "object": "dispute", "id": .string("\(id)"), "invoice": .string(number),
      "line": .integer(Int64(line)), "cents": .integer(cents), "state": .string("\(state)"),
      "opened_at": .seconds(openedMilliseconds),
    ]
  }
}

extension Response {
  /// A text of some type, status 200.
  fileprivate static func file(_ text: String, _ type: String, _ headers: HTTPFields) -> Response {
    var headers = headers
    headers[.contentType] = type
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
