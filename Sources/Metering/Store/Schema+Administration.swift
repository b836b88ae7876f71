// The second step of `meter.db`: who changed what, and what keys are confined to.

extension Schema {
  /// The chain of changes, the allow-lists of keys, warnings.
  static let administration = """
    CREATE TABLE audit (
      seq INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      actor TEXT NOT NULL CHECK (length(actor) BETWEEN 1 AND 64),
      verb TEXT NOT NULL CHECK (length(verb) BETWEEN 1 AND 64),
      object TEXT NOT NULL CHECK (length(object) BETWEEN 1 AND 64),
      detail TEXT NOT NULL CHECK (length(detail) BETWEEN 0 AND 256),
      previous BLOB NOT NULL CHECK (length(previous) = 32),
      hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
      BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    CREATE TABLE key_model (
      key_id INTEGER NOT NULL REFERENCES api_key (id),
      model_id INTEGER NOT NULL REFERENCES model (id),
      PRIMARY KEY (key_id, model_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE key_address (
      key_id INTEGER NOT NULL REFERENCES api_key (id),
      range TEXT NOT NULL CHECK (length(range) BETWEEN 1 AND 64),
      PRIMARY KEY (key_id, range)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE warning (
      id INTEGER PRIMARY KEY,
      account_id INTEGER NOT NULL REFERENCES account (id),
      reason INTEGER NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT;
    """
}
