// The eighth step of `meter.db`: accounts that pay in advance, and limits that only warn.

extension Schema {
  /// How accounts pay, what they paid in advance, and monthly spend limits.
  static let credit = """
    ALTER TABLE account ADD COLUMN mode INTEGER NOT NULL DEFAULT 1;
    CREATE TABLE ledger (
      seq INTEGER PRIMARY KEY,
      account_id INTEGER NOT NULL REFERENCES account (id),
      kind INTEGER NOT NULL,
      amount_p INTEGER NOT NULL,
      reference TEXT NOT NULL CHECK (length(reference) BETWEEN 0 AND 64),
      at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE OF account_id, kind, amount_p, at_ms
      ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger
      BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TABLE spend_limit (
      scope_kind INTEGER NOT NULL,
      scope_id INTEGER NOT NULL,
      hard_p INTEGER CHECK (hard_p >= 0),
      soft_p INTEGER CHECK (soft_p >= 0),
      PRIMARY KEY (scope_kind, scope_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO spend_limit SELECT scope_kind, scope_id, hard_p, NULL FROM budget;
    DROP TABLE budget;
    """
}
