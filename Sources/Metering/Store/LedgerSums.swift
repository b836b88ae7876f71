// What many requests come to, and how it is read from a file of events.

import GRDB

/// Sums over requests, in whole units.
package struct LedgerSums: Hashable, Sendable {
  package var requests: Int64 = 0
  package var usage = TokenUsage()
  package var cost = MoneySum.zero

  /// No request.
  package init() {}

  /// Both sums together. A count of units would need centuries to leave its range.
  package func adding(_ other: LedgerSums) -> LedgerSums {
    var sums = LedgerSums()
    sums.requests = requests + other.requests
    sums.usage = usage.adding(other.usage)
    sums.cost = cost + other.cost
    return sums
  }

  /// The columns that ``init(_:)`` reads, as sums over many rows. Money is added up in two halves:
  /// SQLite's integers end at 9.2 million euros, and its `sum` fails there.
  static let columns = """
    coalesce(sum(in_tok), 0) AS in_tok, coalesce(sum(cached_tok), 0) AS cached_tok,
    coalesce(sum(out_tok), 0) AS out_tok, coalesce(sum(reason_tok), 0) AS reason_tok,
    coalesce(sum(audio_ms), 0) AS audio_ms, coalesce(sum(cost_p >> 32), 0) AS cost_high,
    coalesce(sum(cost_p & 0xFFFFFFFF), 0) AS cost_low
    """

  /// The sums in a row that also has a column `requests`.
  init(_ row: Row) {
    requests = row["requests"]
    usage = TokenUsage(
      promptTokens: row["in_tok"], cachedPromptTokens: row["cached_tok"],
      completionTokens: row["out_tok"], reasoningTokens: row["reason_tok"],
      audioMilliseconds: row["audio_ms"])
    let (high, low) = (row["cost_high"] as Int64, row["cost_low"] as Int64)
    cost = MoneySum(rawValue: (Int128(high) << 32) + Int128(low))
  }
}
