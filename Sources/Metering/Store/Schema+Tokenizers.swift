// The tenth step of `meter.db`: what the tokens of models are made by, for receipts.

extension Schema {
  /// A row for each change; none is ever changed.
  static let tokenizers = """
    CREATE TABLE tokenizer (
      model_id INTEGER NOT NULL REFERENCES model (id),
      from_ms INTEGER NOT NULL,
      sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
      PRIMARY KEY (model_id, from_ms)
    ) STRICT, WITHOUT ROWID;
    """
}
