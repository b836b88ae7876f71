// The sixteenth step of `meter.db`: what is done again or taken back, and whom a warning reached.

extension Schema {
  /// Invoices that replace one that was taken back, months that are given up, payments that were
  /// reversed, and steps against who does not pay, of which each may come again.
  static let corrections = """
    ALTER TABLE invoice ADD COLUMN replaces INTEGER REFERENCES invoice (id);
    DROP INDEX invoice_is_issued_once;
    CREATE UNIQUE INDEX invoice_is_issued_once
      ON invoice (account_id, month, coalesce(replaces, 0)) WHERE credits IS NULL;
    CREATE TABLE waived_month (
      account_id INTEGER NOT NULL REFERENCES account (id),
      month TEXT NOT NULL CHECK (length(month) BETWEEN 1 AND 64),
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (account_id, month)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE payment ADD COLUMN reverses INTEGER REFERENCES payment (id);
    ALTER TABLE payment ADD COLUMN valued_ms INTEGER;
    CREATE UNIQUE INDEX payment_is_reversed_once ON payment (reverses) WHERE reverses IS NOT NULL;
    CREATE TRIGGER payment_is_never_changed BEFORE UPDATE OF invoice_id, cents, at_ms, reverses
      ON payment BEGIN SELECT RAISE(ABORT, 'payments are append-only'); END;
    CREATE TRIGGER payment_is_never_deleted BEFORE DELETE ON payment
      BEGIN SELECT RAISE(ABORT, 'payments are append-only'); END;
    ALTER TABLE warning ADD COLUMN notice_id INTEGER REFERENCES notice (id);
    ALTER TABLE warning ADD COLUMN spent_ms INTEGER;
    UPDATE warning SET notice_id = (
      SELECT max(id) FROM notice
      WHERE account_id = warning.account_id AND title LIKE 'Warning: %'
        AND notice.at_ms BETWEEN warning.at_ms AND warning.at_ms + 1000);
    CREATE TABLE dunning_step (
      id INTEGER PRIMARY KEY,
      invoice_id INTEGER NOT NULL REFERENCES invoice (id),
      stage INTEGER NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT;
    INSERT INTO dunning_step (invoice_id, stage, at_ms)
      SELECT invoice_id, stage, at_ms FROM dunning ORDER BY at_ms, stage;
    DROP TABLE dunning;
    ALTER TABLE dunning_step RENAME TO dunning;
    CREATE INDEX dunning_by_invoice ON dunning (invoice_id, id);
    """
}
