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
      let before = try Self.priceLists(in: db).filter { $0.model == model && $0.id != id }.last
      try note(
        "price.publish", "model \(model.rawValue)", "list \(id.rawValue)",
        change: AuditChange(before?.prices.summary ?? "none", prices.summary), in: db)
      return PriceList(
        id: id, model: model, prices: prices,
        effectiveFromMilliseconds: effectiveFromMilliseconds)
    }
  }

  /// Every price list that was ever published.
  package func priceLists() throws(UsageStoreError) -> [PriceList] {
    try read(doing: "read the prices", Self.priceLists)
  }

  private static func priceLists(in db: Database) throws -> [PriceList] {
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

  /// Sets what a key or an account may spend in a calendar month; nil takes the limits off. That of a
  /// key is one with those of all keys that it took the place of, and that take its.
  package func setBudget(_ budget: Budget?, for scope: LimitScope) throws(UsageStoreError) {
    let amounts = [budget?.hard, budget?.soft].compactMap(\.self)
    guard let (kind, id, _) = LimitRow.numbers(of: scope), amounts.allSatisfy({ $0 >= .zero }),
      scope.hasBudget
    else {
      throw UsageStoreError(
        .invalidLimit, "a spend limit is at least 0 and belongs to a key or an account")
    }
    try write(doing: "set a spend limit") { db in
      let chains = try KeyChains(db)
      let before = try Self.budgets(chains, in: db)[chains.scope(scope)] ?? Budget()
      let after = budget ?? Budget()
      try note(
        "budget.set", LimitRow.name(of: scope), after.summary,
        change: AuditChange(before.summary, after.summary), in: db)
      var numbers = [id]
      if case .key(let key) = scope { numbers = chains.numbers(from: chains.first(of: key)) }
      for number in numbers {
        try db.execute(
          sql: "DELETE FROM spend_limit WHERE scope_kind = ? AND scope_id = ?",
          arguments: [kind, number])
      }
      guard let budget, !amounts.isEmpty else { return }
      try db.execute(
        sql: "INSERT INTO spend_limit VALUES (?, ?, ?, ?)",
        arguments: [kind, numbers[0], budget.hard?.rawValue, budget.soft?.rawValue])
    }
  }

  /// All spend limits; those of keys by ``KeyRecord/firstKey``.
  package func budgets() throws(UsageStoreError) -> [LimitScope: Budget] {
    try read(doing: "read the spend limits") { try Self.budgets(KeyChains($0), in: $0) }
  }

  /// The spend limit that holds for a key or an account; nil where none does.
  package func budget(of scope: LimitScope) throws(UsageStoreError) -> Budget? {
    try read(doing: "read a spend limit") { db in
      let chains = try KeyChains(db)
      return try Self.budgets(chains, in: db)[chains.scope(scope)]
    }
  }

  /// Tells an account that it, or one of its keys, has spent more than its soft limit: once for
  /// each limit and month, whatever process found it and however often one began anew.
  ///
  /// - Parameter spent: what the scope has spent in the month.
  func tellSoftLimit(
    of scope: LimitScope, account: AccountID, month: UTCMonth, spent: PicoEuro
  ) throws(UsageStoreError) {
    let name = try self.name(forCustomers: scope)
    try write(doing: "tell of a soft limit") { db in
      let chains = try KeyChains(db)
      let scope = chains.scope(scope)
      guard let (kind, id, _) = LimitRow.numbers(of: scope),
        let soft = try Self.budgets(chains, in: db)[scope]?.soft
      else { return }
      try db.execute(
        sql: """
          INSERT INTO soft_limit_told VALUES (?, ?, ?, ?)
          ON CONFLICT (scope_kind, scope_id) DO UPDATE SET
            month = excluded.month, soft_p = excluded.soft_p
          WHERE month <> excluded.month OR soft_p <> excluded.soft_p
          """, arguments: [kind, id, month.description, soft.rawValue])
      guard db.changesCount > 0 else { return }
      _ = try publishNotice(
        title: "A spend limit was passed",
        body:
          "In \(month) \(name) has spent \(spent) EUR, more than its soft limit of \(soft) EUR. "
          + "Nothing is stopped by that.", to: account, in: db)
    }
  }

  /// What a customer knows a scope by: of keys that took each other's place, the youngest that is
  /// not revoked.
  private func name(forCustomers scope: LimitScope) throws(UsageStoreError) -> String {
    guard case .key(let id) = scope else { return "your account" }
    let all = try keys()
    let first = all.first { $0.id == id }?.firstKey ?? id
    let own = all.filter { $0.firstKey == first }
    guard let key = own.last(where: { $0.state == .active }) ?? own.last else { return "a key" }
    return "your key \(key.name) (\(key.label))"
  }

  private static func budgets(
    _ chains: KeyChains, in db: Database
  ) throws -> [LimitScope: Budget] {
    // Folders of before hold one for each of the keys that took each other's place: the youngest's
    // was set last.
    try Row.fetchAll(db, sql: "SELECT * FROM spend_limit ORDER BY scope_id")
      .reduce(into: [:]) { budgets, row in
        guard let scope = LimitRow.scope(kind: row["scope_kind"], id: row["scope_id"]) else {
          return
        }
        budgets[chains.scope(scope)] = budget(row)
      }
  }

  private static func budget(_ row: Row) -> Budget {
    Budget(
      hard: (row["hard_p"] as Int64?).map { PicoEuro(rawValue: $0) },
      soft: (row["soft_p"] as Int64?).map { PicoEuro(rawValue: $0) })
  }

  /// What every key and account has spent in a calendar month, by the time of settlement; keys that
  /// took each other's place together, by ``KeyRecord/firstKey``. Requests that began in one month and
  /// ended in the next stand in the file of the first.
  package func spent(in month: UTCMonth) throws(UsageStoreError) -> [LimitScope: PicoEuro] {
    let chains = try read(doing: "read which keys took each other's place", KeyChains.init)
    var spent: [LimitScope: PicoEuro] = [:]
    for file in try months().filter({ $0 == month || $0 == month.previous }) {
      for (scope, amount) in try EventFile.spent(in: month, folder: folder, file: file) {
        let scope = chains.scope(scope)
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

extension Budget {
  /// Such as `hard 100.00, soft 80.00`; `none` where nothing is limited.
  fileprivate var summary: String {
    let words = [hard.map { "hard \($0)" }, soft.map { "soft \($0)" }].compactMap(\.self)
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }
}

extension Prices {
  /// Every price in millionths of a euro per 1,000,000 units.
  fileprivate var summary: String {
    "input \(input), cached \(cachedInput), output \(output), reasoning \(reasoning), "
      + "audio \(audioMillisecond), request \(request)"
  }
}
