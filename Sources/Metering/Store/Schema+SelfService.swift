// The sixth step of `meter.db`: what customers see of themselves, and who administers.

extension Schema {
  /// Whom a notice is for and which invoice comes with it, the day an account ends, sums by kind of
  /// work, how far events were brought to a central ledger, the credentials of the administration.
  static let selfService = """
    ALTER TABLE notice ADD COLUMN account_id INTEGER REFERENCES account (id);
    ALTER TABLE notice ADD COLUMN invoice_id INTEGER REFERENCES invoice (id);
    CREATE TABLE termination (
      account_id INTEGER PRIMARY KEY REFERENCES account (id),
      asked_ms INTEGER NOT NULL,
      ends_ms INTEGER NOT NULL
    ) STRICT;
    ALTER TABLE rollup_kept RENAME TO rollup_kept_without_kind;
    CREATE TABLE rollup_kept (
      month TEXT NOT NULL CHECK (length(month) BETWEEN 1 AND 64),
      hour INTEGER NOT NULL,
      account_id INTEGER NOT NULL,
      key_id INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      price_id INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      billable INTEGER NOT NULL,
      requests INTEGER NOT NULL,
      in_tok INTEGER NOT NULL,
      cached_tok INTEGER NOT NULL,
      out_tok INTEGER NOT NULL,
      reason_tok INTEGER NOT NULL,
      audio_ms INTEGER NOT NULL,
      cost_p INTEGER NOT NULL,
      PRIMARY KEY (month, hour, account_id, key_id, model_id, price_id, kind, billable)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO rollup_kept
      SELECT month, hour, account_id, key_id, model_id, price_id, \(RequestKind.chat.rawValue),
        billable, requests, in_tok, cached_tok, out_tok, reason_tok, audio_ms, cost_p
      FROM rollup_kept_without_kind;
    DROP TABLE rollup_kept_without_kind;
    CREATE TABLE outbox (
      month TEXT PRIMARY KEY CHECK (length(month) BETWEEN 1 AND 64),
      pushed_seq INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE admin_key (
      id INTEGER PRIMARY KEY,
      kid TEXT NOT NULL UNIQUE CHECK (length(kid) = 8),
      mac BLOB NOT NULL CHECK (length(mac) = 32),
      label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 64),
      created_ms INTEGER NOT NULL,
      expires_ms INTEGER,
      revoked_ms INTEGER
    ) STRICT;
    """
}
