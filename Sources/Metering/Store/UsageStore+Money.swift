// Price lists, spend limits, and what was spent so far.

import GRDB

extension UsageStore {
  /// Publishes prices for a model. They hold from a moment on that is not past, so that no request
  /// is ever priced anew.
  ///
  /// - Parameter effectiveFromMilliseconds: that moment; nil for now.
  package func publishPrices(
    _ prices: Prices, model: ModelID, effectiveFromMilliseconds: Int64? = nil
  ) throws(UsageStoreError) -> PriceList {
    let now = clock.wallMilliseconds()
    let effectiveFromMilliseconds = effectiveFromMilliseconds ?? now
    guard effectiveFromMilliseconds >= now else {
      throw UsageStoreError(
        .invalidLimit,
        "prices cannot begin in the past: requests were priced already; choose now "
          + "or later")
    }
    return try write(doing: "publish prices") { db in
      try db.execute(
        sql: """
          INSERT INTO price (model_id, input, cached_input, output, reasoning, audio_ms, request,
            effective_from_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          model.rawValue, prices.input, prices.cachedInput, prices.output, prices.reasoning,
          prices.audioMillisecond, prices.request, effectiveFromMilliseconds,
        ])
      let id = PriceID(rawValue: db.lastInsertedRowID)
      try note("price.publish", "model \(model.rawValue)", "list \(id.rawValue)", in: db)
      return PriceList(
        id: id, model: model, prices: prices,
        effectiveFromMilliseconds: effectiveFromMilliseconds)
    }
  }

  /// Every price list that was ever published.
  package func priceLists() throws(UsageStoreError) -> [PriceList] {
    try read(doing: "read the prices") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM price ORDER BY id").compactMap { row in
        Prices(
          input: row["input"], cachedInput: row["cached_input"], output: row["output"],
          reasoning: row["reasoning"], audioMillisecond: row["audio_ms"], request: row["request"]
        ).map {
          PriceList(
            id: PriceID(rawValue: row["id"]), model: ModelID(rawValue: row["model_id"]), prices: $0,
            effectiveFromMilliseconds: row["effective_from_ms"])
        }
      }
    }
  }

  /// Sets the most that a key or an account may spend in a calendar month; nil takes the limit off.
  package func setBudget(_ cap: PicoEuro?, for scope: LimitScope) throws(UsageStoreError) {
    guard let (kind, id) = LimitRow.numbers(of: scope), (cap ?? .zero) >= .zero else {
      throw UsageStoreError(
        .invalidLimit, "a spend limit is at least 0 and belongs to a key or an account")
    }
    try write(doing: "set a spend limit") { db in
      try note("budget.set", LimitRow.name(of: scope), cap?.description ?? "none", in: db)
      guard let cap else {
        return try db.execute(
          sql: "DELETE FROM budget WHERE scope_kind = ? AND scope_id = ?", arguments: [kind, id])
      }
      try db.execute(
        sql: """
          INSERT INTO budget VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hard_p = excluded.hard_p
          """, arguments: [kind, id, cap.rawValue])
    }
  }

  /// All spend limits.
  package func budgets() throws(UsageStoreError) -> [LimitScope: PicoEuro] {
    let rows = try read(doing: "read the spend limits") {
      try Row.fetchAll($0, sql: "SELECT * FROM budget").map { row in
        (
          LimitRow.scope(kind: row["scope_kind"], id: row["scope_id"]),
          PicoEuro(rawValue: row["hard_p"])
        )
      }
    }
    return rows.reduce(into: [:]) { budgets, row in
      if let scope = row.0 { budgets[scope] = row.1 }
    }
  }

  /// What every key and account has spent in a calendar month, by the time of settlement. Requests
  /// that began in one month and ended in the next stand in the file of the first.
  package func spent(in month: UTCMonth) throws(UsageStoreError) -> [LimitScope: PicoEuro] {
    var spent: [LimitScope: PicoEuro] = [:]
    for file in try months().filter({ $0 == month || $0 == month.previous }) {
      for (scope, amount) in try EventFile.spent(in: month, folder: folder, file: file) {
        do throws(MoneyError) {
          spent[scope] = try (spent[scope] ?? .zero).adding(amount)
        } catch {
          throw UsageStoreError(.corrupt, "the spending of \(month) is beyond any amount of money")
        }
      }
    }
    return spent
  }
}
