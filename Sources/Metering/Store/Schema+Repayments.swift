// The fifteenth step of `meter.db`: money that goes back, and what has to be known of the past.

extension Schema {
  /// Payments either way, the trees over receipts that were let go, and which soft limits were
  /// told: those of before stand in the words of their notices.
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
    INSERT INTO soft_limit_told
      SELECT scope_kind, scope_id, max(substr(body, 4, 7)), soft_p FROM spend_limit JOIN notice
        ON title = 'A spend limit was passed' AND (
          scope_kind = 1 AND body LIKE 'In _______ key number ' || scope_id || ' has %'
          OR scope_kind = 2 AND account_id = scope_id AND body LIKE 'In _______ your account has %')
      WHERE soft_p IS NOT NULL GROUP BY scope_kind, scope_id;
    """
}
