// The seventh step of `meter.db`: which metadata profile holds, and how long its lines are kept.

extension Schema {
  /// The profile, and the days of what is known of clients.
  static let metadata = """
    CREATE TABLE metadata_profile (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64)
    ) STRICT;
    ALTER TABLE retention ADD COLUMN client_days INTEGER NOT NULL DEFAULT 30
      CHECK (client_days BETWEEN 1 AND 366);
    ALTER TABLE retention ADD COLUMN address_days INTEGER NOT NULL DEFAULT 7
      CHECK (address_days BETWEEN 1 AND 366);
    """
}
