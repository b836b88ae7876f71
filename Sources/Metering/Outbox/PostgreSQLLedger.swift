// A central ledger in PostgreSQL, compiled with the trait of that name: one table, cut into months by
// the request's id, which begins with its time.

#if PostgreSQL
  import FoundationEssentials
  import Synchronization

  /// The ledger of several nodes in one database.
  package final class PostgreSQLLedger: CentralLedger {
    /// Numbers of the database's advisory locks: one for making tables, one that every push shares
    /// and closing a month takes alone.
    private static let schemaLock = 0x6170_7573
    private static let closingLock = 0x6170_7574

    private let settings: String
    private let connection = Mutex<PostgreSQLConnection?>(nil)

    /// A ledger behind a connection string of libpq; it is connected to when it is needed, and each
    /// connection begins with the tables.
    package init(_ settings: String) { self.settings = settings }

    package func push(
      _ events: [CentralEvent], node: ShortName
    ) throws(CentralLedgerError) -> Int {
      guard !events.isEmpty else { return 0 }
      return try transaction { database throws(CentralLedgerError) in
        for month in Set(events.map(\.row.requestID.month)) {
          try Self.makePartition(month, database)
        }
        try database.run("SELECT pg_advisory_xact_lock_shared(\(Self.closingLock))")
        let rows = try database.run(Self.insert, Self.columns(events) + [node.text])
        return rows.changedCount
      }
    }

    /// Ends a month for billing: what arrives for it from now on is late, and is billed as an
    /// adjustment. Waits for pushes that are under way. A second time changes nothing.
    package func close(_ month: UTCMonth) throws(CentralLedgerError) {
      try transaction { database throws(CentralLedgerError) in
        try database.run("SELECT pg_advisory_xact_lock(\(Self.closingLock))")
        try database.run(
          "INSERT INTO closing VALUES ($1, clock_timestamp()) ON CONFLICT DO NOTHING",
          [month.description])
      }
    }

    /// What was settled in a UTC month and is charged: what came in time, or what came late.
    package func sums(
      of month: UTCMonth, late: Bool
    ) throws(CentralLedgerError) -> LedgerSums {
      let rows = try transaction { database throws(CentralLedgerError) in
        try database.run(
          """
          SELECT coalesce(sum(requests), 0), coalesce(sum(in_tok), 0),
            coalesce(sum(cached_tok), 0), coalesce(sum(out_tok), 0),
            coalesce(sum(reason_tok), 0), coalesce(sum(audio_ms), 0), coalesce(sum(cost_p), 0)
          FROM usage_by_month WHERE month = $1 AND is_late = $2::boolean
          """, [month.description, late ? "t" : "f"])
      }
      let numbers = (0..<6).map { Int64(rows[0, $0]) ?? 0 }
      var sums = LedgerSums()
      sums.requests = numbers[0]
      sums.usage = TokenUsage(
        promptTokens: numbers[1], cachedPromptTokens: numbers[2], completionTokens: numbers[3],
        reasoningTokens: numbers[4], audioMilliseconds: numbers[5])
      sums.cost = MoneySum(rawValue: Int128(rows[0, 6]) ?? 0)
      return sums
    }

    /// The ids of all events of a node.
    package func requests(of node: ShortName) throws(CentralLedgerError) -> [RequestID] {
      let rows = try transaction { database throws(CentralLedgerError) in
        try database.run("SELECT request_id FROM event WHERE node = $1", [node.text])
      }
      return (0..<rows.count).compactMap { RequestID(rows[$0, 0]) }
    }

    /// Does some work in one transaction. A connection that failed is thrown away.
    private func transaction<Result>(
      _ body: (borrowing PostgreSQLConnection) throws(CentralLedgerError) -> Result
    ) throws(CentralLedgerError) -> Result {
      try connection.withLock { slot throws(CentralLedgerError) in
        let database: PostgreSQLConnection
        if let open = slot {
          database = open
        } else {
          database = try PostgreSQLConnection(settings)
          try Self.makeTables(database)
        }
        slot = nil
        try database.run("BEGIN")
        let result = try body(database)
        try database.run("COMMIT")
        slot = database
        return result
      }
    }

    /// Makes the tables where they are missing.
    private static func makeTables(
      _ database: PostgreSQLConnection
    ) throws(CentralLedgerError) {
      try database.run("BEGIN")
      try database.run("SELECT pg_advisory_xact_lock(\(schemaLock))")
      try database.run(schema)
      try database.run("COMMIT")
    }

    private static func makePartition(
      _ month: UTCMonth, _ database: PostgreSQLConnection
    ) throws(CentralLedgerError) {
      let name = "event_" + month.description.map { $0 == "-" ? "_" : String($0) }.joined()
      let known = try database.run("SELECT to_regclass($1) IS NOT NULL", [name])
      guard known[0, 0] != "t" else { return }
      try database.run("SELECT pg_advisory_xact_lock(\(schemaLock))")
      let bounds = [month, month.next].map {
        RequestID(high: UInt64($0.firstHour * 3_600_000) << 16, low: 0).description
      }
      try database.run(
        "CREATE TABLE IF NOT EXISTS \(name) PARTITION OF event"
          + " FOR VALUES FROM ('\(bounds[0])') TO ('\(bounds[1])')")
    }
  }
#endif
