// The thirteenth step of `meter.db`: what a change of the audit trail has changed, and when keys were
// last used.

extension Schema {
  /// What stood there before a change and after it, and the last day of use of each key.
  static let changes = """
    ALTER TABLE audit ADD COLUMN before TEXT NOT NULL DEFAULT ''
      CHECK (length(before) BETWEEN 0 AND 256);
    ALTER TABLE audit ADD COLUMN after TEXT NOT NULL DEFAULT ''
      CHECK (length(after) BETWEEN 0 AND 256);
    ALTER TABLE api_key ADD COLUMN last_used_day INTEGER;
    """
}
