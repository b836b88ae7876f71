// The ledger of several nodes: where each brings its events, and what it says when it cannot take
// them.

/// An event with the names that all nodes know things by: row numbers are a node's own.
package struct CentralEvent: Hashable, Sendable {
  package let row: UsageRow
  /// The account's name; empty for requests without a key.
  package let account: String
  /// The key's public name; empty for requests without one.
  package let key: String
  package let model: String

  /// An event and its names.
  package init(row: UsageRow, account: String, key: String, model: String) {
    self.row = row
    self.account = account
    self.key = key
    self.model = model
  }
}

/// Where nodes bring their events.
package protocol CentralLedger: Sendable {
  /// Makes events durable there. One that is there already changes nothing, so that a node whose
  /// answer got lost may bring the same again.
  ///
  /// - Returns: how many were new.
  func push(_ events: [CentralEvent], node: ShortName) throws(CentralLedgerError) -> Int
}

/// Why events could not be brought; they stay where they are and are brought later.
package struct CentralLedgerError: Error, Sendable, Equatable, CustomStringConvertible {
  package let message: String
  package init(_ message: String) { self.message = message }
  package var description: String { message }
}

/// The kinds of central ledger that this program was built with.
package enum CentralLedgers {
  /// The ledger in PostgreSQL behind a connection string of libpq. It is connected to, and its tables
  /// are made, when events are brought.
  ///
  /// - Throws: ``CentralLedgerError`` where the program was built without it.
  package static func postgreSQL(
    _ settings: String
  ) throws(CentralLedgerError) -> any CentralLedger {
    #if PostgreSQL
      return PostgreSQLLedger(settings)
    #else
      throw CentralLedgerError(
        "this program was built without PostgreSQL: build it with '--traits OpenBLAS,PostgreSQL'")
    #endif
  }
}
