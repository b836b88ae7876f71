// The ninth step of `meter.db`: what was done in incidents, and when models did not answer.

extension Schema {
  /// Incidents, open while they have no end.
  static let incidents = """
    CREATE TABLE incident (
      id INTEGER PRIMARY KEY,
      measure INTEGER NOT NULL,
      account_id INTEGER,
      model_id INTEGER,
      ranges TEXT NOT NULL CHECK (length(ranges) BETWEEN 0 AND 256),
      started_ms INTEGER NOT NULL,
      ended_ms INTEGER
    ) STRICT;
    """
}
