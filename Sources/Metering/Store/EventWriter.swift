// One batch of usage rows on its way into a month's file: each row once, and the hourly sums of
// all of them in as few rows as there are kinds of them.

import GRDB

/// Writes the rows of one transaction.
struct EventWriter {
  /// What the sums of an hour are kept by.
  private struct RollupKey: Hashable {
    let hour: Int64
    let account: AccountID
    let key: KeyID
    let model: ModelID
    let price: PriceID
    let kind: RequestKind
    let isBillable: Bool
  }

  private let fields: [MetadataField]
  private var event: BoundStatement
  private var rollup: BoundStatement
  private var sums: [RollupKey: LedgerSums] = [:]

  /// A writer for the transaction that `db` is in; ``finish()`` has to end it.
  init(_ db: Database, _ columns: EventColumns) throws {
    fields = columns.fields
    event = try BoundStatement(db, sql: columns.insertEvent)
    rollup = try BoundStatement(
      db,
      sql: """
        INSERT INTO rollup_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
          in_tok = in_tok + excluded.in_tok, cached_tok = cached_tok + excluded.cached_tok,
          out_tok = out_tok + excluded.out_tok, reason_tok = reason_tok + excluded.reason_tok,
          audio_ms = audio_ms + excluded.audio_ms, cost_p = cost_p + excluded.cost_p
        """)
  }

  /// Writes a row; writing it a second time changes nothing.
  mutating func write(_ row: UsageRow) throws {
    event.bind(row.requestID)
    event.bind(row.startedMilliseconds)
    event.bind(row.settledMilliseconds)
    event.bind(row.account.rawValue)
    event.bind(row.key.rawValue)
    event.bind(row.model.rawValue)
    event.bind(row.kind.rawValue)
    event.bind(row.usage.promptTokens)
    event.bind(row.usage.cachedPromptTokens)
    event.bind(row.usage.completionTokens)
    event.bind(row.usage.reasoningTokens)
    event.bind(row.usage.audioMilliseconds)
    event.bind(row.price.rawValue)
    event.bind(row.cost.rawValue)
    event.bind(row.isBillable ? 1 : 0)
    for field in fields { event.bind(row.value(of: field)) }
    // A row that was there already is in the sums already.
    guard try event.run() > 0 else { return }
    let key = RollupKey(
      hour: row.settledMilliseconds / 3_600_000, account: row.account, key: row.key,
      model: row.model, price: row.price, kind: row.kind, isBillable: row.isBillable)
    var one = LedgerSums()
    one.requests = 1
    one.usage = row.usage
    one.cost = MoneySum(row.cost)
    sums[key] = (sums[key] ?? LedgerSums()).adding(one)
  }

  /// Adds what was written to the hourly sums.
  mutating func finish() throws {
    for (key, sums) in sums {
      guard let cost = sums.cost.amount else { throw MoneyError.outOfRange }
      rollup.bind(key.hour)
      rollup.bind(key.account.rawValue)
      rollup.bind(key.key.rawValue)
      rollup.bind(key.model.rawValue)
      rollup.bind(key.price.rawValue)
      rollup.bind(key.kind.rawValue)
      rollup.bind(key.isBillable ? 1 : 0)
      rollup.bind(sums.requests)
      rollup.bind(sums.usage.promptTokens)
      rollup.bind(sums.usage.cachedPromptTokens)
      rollup.bind(sums.usage.completionTokens)
      rollup.bind(sums.usage.reasoningTokens)
      rollup.bind(sums.usage.audioMilliseconds)
      rollup.bind(cost.rawValue)
      try rollup.run()
    }
    sums = [:]
  }
}

extension UsageRow {
  /// What a row keeps of a field that not every profile names.
  fileprivate func value(of field: MetadataField) -> Int64? {
    switch field {
    case .role: role?.rawValue
    case .status: status?.rawValue
    case .httpStatus: httpStatus
    case .firstToken: firstTokenMicroseconds
    case .latency: latencyMicroseconds
    default: nil
    }
  }
}
