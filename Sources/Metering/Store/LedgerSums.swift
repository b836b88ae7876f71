// What many requests come to, and how it is read from a file of events.

import GRDB

/// Sums over requests, in whole units.
package struct LedgerSums: Hashable, Sendable {
  package var requests: Int64 = 0
  package var usage = TokenUsage()
  package var cost = PicoEuro.zero

  /// No request.
  package init() {}

  /// Both sums together. Only money can leave its range: a count of units would need centuries.
  package func adding(_ other: LedgerSums) throws(MoneyError) -> LedgerSums {
    var sums = LedgerSums()
    sums.requests = requests + other.requests
    sums.usage = usage.adding(other.usage)
    sums.cost = try cost.adding(other.cost)
    return sums
  }

  /// The columns that ``init(_:)`` reads, as sums over many rows.
  static let columns = """
    coalesce(sum(in_tok), 0) AS in_tok, coalesce(sum(cached_tok), 0) AS cached_tok,
    coalesce(sum(out_tok), 0) AS out_tok, coalesce(sum(reason_tok), 0) AS reason_tok,
    coalesce(sum(audio_ms), 0) AS audio_ms, coalesce(sum(cost_p), 0) AS cost_p
    """

  /// The sums in a row that also has a column `requests`.
  init(_ row: Row) {
    requests = row["requests"]
    usage = TokenUsage(
      promptTokens: row["in_tok"], cachedPromptTokens: row["cached_tok"],
      completionTokens: row["out_tok"], reasoningTokens: row["reason_tok"],
      audioMilliseconds: row["audio_ms"])
    cost = PicoEuro(rawValue: row["cost_p"])
  }
}
