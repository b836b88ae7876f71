// The fourth step of `meter.db`: what stays of months whose events were let go.

extension Schema {
  /// The rollups of those months, and how long things are kept.
  static let retention = """
    CREATE TABLE rollup_kept (
      month TEXT NOT NULL CHECK (length(month) BETWEEN 1 AND 64),
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
      PRIMARY KEY (month, hour, account_id, key_id, model_id, price_id, billable)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE retention (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      event_months INTEGER NOT NULL CHECK (event_months >= 2),
      audit_months INTEGER NOT NULL CHECK (audit_months >= 2)
    ) STRICT;
    """
}
