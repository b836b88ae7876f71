// An account's month for a bill: every request, in one of several forms, with what the purpose of
// billing may have. What describes a person or a machine, or how a request ended, is in none of them.

import FoundationEssentials
import GRDB

/// A form that requests are exported in.
package enum UsageExportFormat: String, Sendable, CaseIterable {
  /// A table with a heading (RFC 4180).
  case csv
  /// A JSON object a line.
  case jsonl
  /// A CloudEvents 1.0 envelope a line, as OpenMeter and Lago read them: `id` is the request's. Those
  /// bill what they are told, so only what is on an invoice is told them, unless all is asked for.
  case cloudevents
  /// A meter event a line, as Stripe's API takes them: one for each kind of unit of a request
  /// that is on an invoice.
  case stripe
  /// Costs by day, key, model and unit, by the FinOps Open Cost and Usage Specification 1.0.
  case focus
}

/// What a request is paid with.
enum PaymentWay: String, Codable, Sendable {
  /// The invoice of its month.
  case invoice
  /// Credit that was paid for in advance.
  case credit
}

/// One request with the names that people know things by.
struct ExportedRequest: Codable, Sendable {
  let requestID: String
  let startedAt: String
  let settledAt: String
  let key: String
  let model: String
  let kind: String
  let inputTokens: Int64
  let cachedTokens: Int64
  let outputTokens: Int64
  let reasoningTokens: Int64
  let audioMilliseconds: Int64
  let priceList: Int64
  let costEUR: String
  let isBillable: Bool
  let paid: PaymentWay

  /// Whether it is one that an invoice bills.
  var isInvoiced: Bool { isBillable && paid == .invoice }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case requestID = "request_id"
    case startedAt = "started_at"
    case settledAt = "settled_at"
    case key, model, kind
    case inputTokens = "input_tokens"
    case cachedTokens = "cached_tokens"
    case outputTokens = "output_tokens"
    case reasoningTokens = "reasoning_tokens"
    case audioMilliseconds = "audio_ms"
    case priceList = "price_list"
    case costEUR = "cost_eur"
    case isBillable = "billable"
    case paid
  }

  init(_ row: UsageRow, key: String, model: String, paid: PaymentWay) {
    requestID = row.requestID.description
    startedAt = timeText(row.startedMilliseconds)
    settledAt = timeText(row.settledMilliseconds)
    self.key = key
    self.model = model
    kind = "\(row.kind)"
    inputTokens = row.usage.promptTokens
    cachedTokens = row.usage.cachedPromptTokens
    outputTokens = row.usage.completionTokens
    reasoningTokens = row.usage.reasoningTokens
    audioMilliseconds = row.usage.audioMilliseconds
    priceList = row.price.rawValue
    costEUR = row.cost.description
    isBillable = row.isBillable
    self.paid = paid
  }

  /// Its fields in the order of the heading.
  ///
  /// - Parameter name: how a name is written.
  func cells(_ name: (String) -> String) -> [String] {
    [
      requestID, startedAt, settledAt, name(key), name(model), kind, "\(inputTokens)",
      "\(cachedTokens)", "\(outputTokens)", "\(reasoningTokens)", "\(audioMilliseconds)",
      "\(priceList)", costEUR, "\(isBillable)", paid.rawValue,
    ]
  }

  /// Its units by the word for each kind, without those that there are none of.
  var units: [(name: String, count: Int64)] {
    [
      ("input_tokens", inputTokens - cachedTokens), ("cached_input_tokens", cachedTokens),
      ("output_tokens", outputTokens - reasoningTokens), ("reasoning_tokens", reasoningTokens),
      ("audio_ms", audioMilliseconds), ("requests", 1),
    ].filter { $0.1 > 0 }
  }
}

/// A line of a table: cells that need it stand in quotation marks.
func tableLine(_ cells: [String]) -> String {
  cells.map { cell in
    // By scalars: a quotation mark and an accent behind it are one character.
    guard cell.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else {
      return cell
    }
    let parts = cell.unicodeScalars.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + parts.map { String($0) }.joined(separator: "\"\"") + "\""
  }.joined(separator: ",")
}

/// A moment by RFC 3339 in UTC, with milliseconds.
func timeText(_ wallMilliseconds: Int64) -> String {
  let day = wallMilliseconds / 86_400_000
  let rest = wallMilliseconds % 86_400_000
  func digits(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
  return "\(CivilDate(dayNumber: day))T\(digits(rest / 3_600_000, 2)):"
    + "\(digits(rest / 60_000 % 60, 2)):\(digits(rest / 1000 % 60, 2)).\(digits(rest % 1000, 3))Z"
}
