// The fifteenth step of `meter.db`: money that goes back, and what has to be known of the past.

extension Schema {
  /// Payments either way, the trees over receipts that were let go, and which soft limits were
  /// told.
  static let repayments = """
    CREATE TABLE payment_either_way (
      id INTEGER PRIMARY KEY,
      invoice_id INTEGER NOT NULL REFERENCES invoice (id),
      cents INTEGER NOT NULL CHECK (cents <> 0),
      at_ms INTEGER NOT NULL,
      reference TEXT NOT NULL CHECK (length(reference) BETWEEN 0 AND 64)
    ) STRICT;
    INSERT INTO payment_either_way SELECT id, invoice_id, cents, at_ms, reference FROM payment;
    DROP TABLE payment;
    ALTER TABLE payment_either_way RENAME TO payment;
    CREATE TABLE receipt_root (
      month TEXT PRIMARY KEY CHECK (length(month) BETWEEN 1 AND 64),
      receipts INTEGER NOT NULL,
      root BLOB NOT NULL CHECK (length(root) = 32)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE soft_limit_told (
      scope_kind INTEGER NOT NULL,
      scope_id INTEGER NOT NULL,
      month TEXT NOT NULL CHECK (length(month) BETWEEN 1 AND 64),
      soft_p INTEGER NOT NULL,
      PRIMARY KEY (scope_kind, scope_id)
    ) STRICT, WITHOUT ROWID;
    """
}
