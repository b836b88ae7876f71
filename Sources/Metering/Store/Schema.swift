// Every table, as steps from one version of a file to the next.
//
// All tables are STRICT, so that an integer column holds integers and nothing else; every text and
// every blob has a CHECK on its length. No column can take in what a request says.

import GRDB

/// The tables of one kind of file. The number of steps taken stands in `user_version`.
struct Schema: Sendable {
  /// Pages of the log that are copied into the file at a time.
  private static let logPageLimit = 8000

  let steps: [String]

  /// `meter.db`: what is kept for as long as accounts and invoices are.
  static let meter = Schema(steps: [
    """
    CREATE TABLE account (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
      state INTEGER NOT NULL,
      state_reason INTEGER,
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
      expires_ms INTEGER,
      grace_until_ms INTEGER,
      rotated_from INTEGER REFERENCES api_key (id),
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
    CREATE TABLE price (
      id INTEGER PRIMARY KEY,
      model_id INTEGER NOT NULL REFERENCES model (id),
      input INTEGER NOT NULL,
      cached_input INTEGER NOT NULL,
      output INTEGER NOT NULL,
      reasoning INTEGER NOT NULL,
      audio_ms INTEGER NOT NULL,
      request INTEGER NOT NULL,
      effective_from_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER price_is_never_changed BEFORE UPDATE ON price
      BEGIN SELECT RAISE(ABORT, 'prices are append-only'); END;
    CREATE TRIGGER price_is_never_deleted BEFORE DELETE ON price
      BEGIN SELECT RAISE(ABORT, 'prices are append-only'); END;
    CREATE TABLE budget (
      scope_kind INTEGER NOT NULL,
      scope_id INTEGER NOT NULL,
      hard_p INTEGER NOT NULL CHECK (hard_p >= 0),
      PRIMARY KEY (scope_kind, scope_id)
    ) STRICT, WITHOUT ROWID;
    """,
    administration, billing, retention, notices, selfService, metadata, credit, incidents,
    tokenizers, suspension, brand, changes, limitsAtModels, repayments,
    corrections,
  ])

  /// `events-YYYY-MM.db`: one row a request that has ended. These are the columns of the billing core;
  /// the metadata profile adds its own (``ProfileColumns``).
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
      in_tok INTEGER NOT NULL CHECK (in_tok >= 0),
      cached_tok INTEGER NOT NULL CHECK (cached_tok BETWEEN 0 AND in_tok),
      out_tok INTEGER NOT NULL CHECK (out_tok >= 0),
      reason_tok INTEGER NOT NULL CHECK (reason_tok BETWEEN 0 AND out_tok),
      audio_ms INTEGER NOT NULL CHECK (audio_ms >= 0),
      price_id INTEGER NOT NULL,
      cost_p INTEGER NOT NULL CHECK (cost_p >= 0),
      billable INTEGER NOT NULL CHECK (billable IN (0, 1)),
      CHECK (billable = 1 OR cost_p = 0)
    ) STRICT;
    CREATE INDEX event_by_account ON event (account_id, settled_ms);
    CREATE TABLE open_request (
      request_id BLOB PRIMARY KEY CHECK (length(request_id) = 16),
      started_ms INTEGER NOT NULL,
      account_id INTEGER NOT NULL,
      key_id INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      price_id INTEGER NOT NULL,
      in_tok INTEGER NOT NULL CHECK (in_tok >= 0),
      reserved_tok INTEGER NOT NULL CHECK (reserved_tok >= 0),
      out_ckpt INTEGER NOT NULL CHECK (out_ckpt >= 0)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE rollup_hour (
      hour INTEGER NOT NULL,
      account_id INTEGER NOT NULL,
      key_id INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      price_id INTEGER NOT NULL,
      billable INTEGER NOT NULL,
      requests INTEGER NOT NULL,
      in_tok INTEGER NOT NULL,
      cached_tok INTEGER NOT NULL,
      out_tok INTEGER NOT NULL,
      reason_tok INTEGER NOT NULL,
      audio_ms INTEGER NOT NULL,
      cost_p INTEGER NOT NULL,
      PRIMARY KEY (hour, account_id, key_id, model_id, price_id, billable)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER event_is_rolled_up AFTER INSERT ON event BEGIN
      INSERT INTO rollup_hour VALUES (
        new.settled_ms / 3600000, new.account_id, new.key_id, new.model_id, new.price_id,
        new.billable, 1, new.in_tok, new.cached_tok, new.out_tok, new.reason_tok, new.audio_ms,
        new.cost_p)
      ON CONFLICT DO UPDATE SET requests = requests + 1, in_tok = in_tok + excluded.in_tok,
        cached_tok = cached_tok + excluded.cached_tok, out_tok = out_tok + excluded.out_tok,
        reason_tok = reason_tok + excluded.reason_tok, audio_ms = audio_ms + excluded.audio_ms,
        cost_p = cost_p + excluded.cost_p;
    END;
    """, kindsOfUsage, openingsApart,
  ])

  /// Opens a file for writing with everything a ledger needs, and brings its tables up to date.
  ///
  /// `synchronous = FULL` makes a commit survive a power cut; temporary tables stay in memory. The log
  /// grows to 32 MiB before its pages are copied into the file: rows go to the ends of their indexes,
  /// so that few pages are written many times, and commits wait less often.
  func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    DataFolder.createPrivateFile(path)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.inDatabase { db in
      try db.execute(
        sql: """
          PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA temp_store = MEMORY;
          PRAGMA wal_autocheckpoint = \(Self.logPageLimit);
          """)
    }
    try queue.writeIfOpen { db in
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
    // Who looks reads once from end to end, and the system has the pages: 256 KiB instead of 2 MiB.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -256") }
    return try DatabaseQueue(path: path, configuration: configuration)
  }
}
