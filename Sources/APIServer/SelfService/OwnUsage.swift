// GET /v1/usage: what the key that asks, and those whose place it took, have used in a month, by
// model.

import Hummingbird
import JSON
import Metering

enum OwnUsage {
  static let route = Route(method: .get, path: "/v1/usage") { exchange, _ in
    let query = QueryFields(exchange.request)
    let card = try await exchange.withLedger(.readOwnUsage) { ledger -> JSONObject in
      var month = UTCMonth(wallMilliseconds: ledger.now)
      if let text = query.text("month") {
        guard let named = UTCMonth(text) else {
          throw query.invalid("month", "must be a month, as 2026-11")
        }
        month = named
      }
      return try ledger.usageCard(of: month)
    }
    return .json(.object(card))
  }
}

extension OwnLedger {
  fileprivate func usageCard(of month: UTCMonth) throws -> JSONObject {
    var query = UsageQuery(account: account, hours: month.firstHour..<month.next.firstHour)
    query.keys = meter.keysOfChain(of: principal)
    let models = try store.modelNames()
    var total = LedgerSums()
    var byModel: [(name: String, sums: LedgerSums)] = []
    for part in try store.usage(query) {
      let name = models[part.model]?.text ?? "-"
      let place = byModel.firstIndex { $0.name == name } ?? byModel.count
      if place == byModel.count { byModel.append((name, LedgerSums())) }
      byModel[place].sums = byModel[place].sums.adding(part.sums)
      total = total.adding(part.sums)
    }
    var card = total.members
    card["object"] = "usage"
    card["month"] = .string("\(month)")
    card["key"] = key.map { .string("\($0.name)") } ?? .null
    card["models"] = .array(
      byModel.sorted { $0.name < $1.name }.map { name, sums in
        var row = sums.members
        row["model"] = .string(name)
        return .object(row)
      })
    return card
  }
}

extension LedgerSums {
  /// The sums as members of an answer.
  fileprivate var members: JSONObject {
    [
      "requests": .integer(requests), "input_tokens": .integer(usage.promptTokens),
      "input_cached_tokens": .integer(usage.cachedPromptTokens),
      "output_tokens": .integer(usage.completionTokens),
      "output_reasoning_tokens": .integer(usage.reasoningTokens),
      "audio_ms": .integer(usage.audioMilliseconds), "cost": .euros(cost),
      "cost_eur": .string(cost.description),
    ]
  }
}
