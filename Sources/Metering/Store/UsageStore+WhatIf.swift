// What a change would have meant for a month that is known: for decisions without surprise.

import FoundationEssentials
import GRDB

extension UsageStore {
  /// The requests of a month's file as limits see them, of one key or account or model.
  package func pastRequests(
    of scope: LimitScope, month: UTCMonth
  ) throws(UsageStoreError) -> [PastRequest] {
    let column: String
    switch scope {
    case .key, .keyAtModel: column = "key_id"
    case .account, .accountAtModel: column = "account_id"
    case .model: column = "model_id"
    case .address:
      throw UsageStoreError(.invalidLimit, "no address is kept, so none can be replayed")
    }
    guard let (_, id, model) = LimitRow.numbers(of: scope), try months().contains(month) else {
      return []
    }
    let sql = """
      SELECT started_ms, settled_ms, in_tok, out_tok FROM event
      WHERE \(column) = ? AND (? = 0 OR model_id = ?)
      """
    return try EventFile.read(
      folder: folder, file: month, sql: sql, arguments: [id, model, model]
    ).map {
      PastRequest(
        startedMilliseconds: $0["started_ms"], endedMilliseconds: $0["settled_ms"],
        cost: LimitCost(inputTokens: $0["in_tok"], outputTokens: $0["out_tok"]))
    }
  }

  /// What a month's billable usage of a model was charged, and what it would be under other prices.
  package func repriced(
    _ model: ModelID, month: UTCMonth, at prices: Prices
  ) throws(UsageStoreError) -> (charged: MoneySum, wouldBe: MoneySum) {
    var (charged, wouldBe) = (MoneySum.zero, MoneySum.zero)
    for account in try accounts() {
      for part in try billableUsage(account: account.id, month: month) where part.model == model {
        charged += part.sums.cost
        wouldBe += part.sums.costs(at: prices).reduce(.zero) { $0 + $1.cost }
      }
    }
    return (charged, wouldBe)
  }
}
