// Every table, as steps from one version of a file to the next.
//
// All tables are STRICT, so that an integer column holds integers and nothing else; every text and
// every blob has a CHECK on its length. No column can take in what a request says.

import GRDB

/// The tables of one kind of file. The number of steps taken stands in `user_version`.
struct Schema: Sendable {
  let steps: [String]

  /// `meter.db`: what is kept for as long as accounts and invoices are.
  static let meter = Schema(steps: [
    """
    CREATE TABLE account (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
      state INTEGER NOT NULL,
      created_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE api_key (
      id INTEGER PRIMARY KEY,
      account_id INTEGER NOT NULL REFERENCES account (id),
      kid TEXT NOT NULL UNIQUE CHECK (length(kid) = 8),
      mac BLOB NOT NULL CHECK (length(mac) = 32),
      pepper_id INTEGER NOT NULL,
      role INTEGER NOT NULL,
      label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 64),
      state INTEGER NOT NULL,
      created_ms INTEGER NOT NULL,
      revoked_ms INTEGER
    ) STRICT;
    CREATE TABLE limit_rule (
      scope_kind INTEGER NOT NULL,
      scope_id INTEGER NOT NULL,
      rpm INTEGER, rpm_burst INTEGER,
      itpm INTEGER, itpm_burst INTEGER,
      otpm INTEGER, otpm_burst INTEGER,
      tpm INTEGER, tpm_burst INTEGER,
      parallel INTEGER,
      version INTEGER NOT NULL,
      PRIMARY KEY (scope_kind, scope_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE model (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64)
    ) STRICT;
    """
  ])

  /// `events-YYYY-MM.db`: one row a request, and the requests that are open.
  static let events = Schema(steps: [
    """
    CREATE TABLE event (
      seq INTEGER PRIMARY KEY,
      request_id BLOB NOT NULL UNIQUE CHECK (length(request_id) = 16),
      started_ms INTEGER NOT NULL,
      settled_ms INTEGER NOT NULL,
      account_id INTEGER NOT NULL,
      key_id INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      status INTEGER NOT NULL,
      http INTEGER NOT NULL,
      in_tok INTEGER NOT NULL CHECK (in_tok >= 0),
      cached_tok INTEGER NOT NULL CHECK (cached_tok BETWEEN 0 AND in_tok),
      out_tok INTEGER NOT NULL CHECK (out_tok >= 0),
      reason_tok INTEGER NOT NULL CHECK (reason_tok BETWEEN 0 AND out_tok),
      audio_ms INTEGER NOT NULL CHECK (audio_ms >= 0),
      ttft_us INTEGER,
      latency_us INTEGER NOT NULL,
      billable INTEGER NOT NULL CHECK (billable IN (0, 1))
    ) STRICT;
    CREATE INDEX event_by_account ON event (account_id, settled_ms);
    CREATE TABLE open_request (
      request_id BLOB PRIMARY KEY CHECK (length(request_id) = 16),
      started_ms INTEGER NOT NULL,
      account_id INTEGER NOT NULL,
      key_id INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      in_tok INTEGER NOT NULL CHECK (in_tok >= 0),
      reserved_tok INTEGER NOT NULL CHECK (reserved_tok >= 0),
      out_ckpt INTEGER NOT NULL CHECK (out_ckpt >= 0)
    ) STRICT, WITHOUT ROWID;
    """
  ])

  /// Opens a file for writing with everything a ledger needs, and brings its tables up to date.
  ///
  /// `synchronous = FULL` makes a commit survive a power cut; temporary tables stay in memory.
  func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.inDatabase { db in
      try db.execute(
        sql: "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA temp_store = MEMORY;")
    }
    try queue.write { db in
      let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      guard version <= steps.count else {
        throw UsageStoreError(
          .newerSchema,
          "'\(path)' was written by a newer version (schema \(version), known \(steps.count)): "
            + "update this program")
      }
      for step in steps[version...] { try db.execute(sql: step) }
      try db.execute(sql: "PRAGMA user_version = \(steps.count)")
    }
    return queue
  }

  /// Opens a file that another connection writes, for looking only.
  static func openForReading(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    return try DatabaseQueue(path: path, configuration: configuration)
  }
}
