// The fifth step of `meter.db`: what customers are told, and what they agreed to.

extension Schema {
  /// Members, terms, notices with their deliveries, models that are on their way out.
  static let notices = """
    CREATE TABLE member (
      id INTEGER PRIMARY KEY,
      account_id INTEGER NOT NULL REFERENCES account (id),
      role INTEGER NOT NULL,
      email TEXT NOT NULL CHECK (length(email) BETWEEN 1 AND 256),
      UNIQUE (account_id, email)
    ) STRICT;
    CREATE TABLE terms (
      version INTEGER PRIMARY KEY,
      title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 256),
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      effective_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER terms_are_never_changed BEFORE UPDATE ON terms
      BEGIN SELECT RAISE(ABORT, 'published terms never change'); END;
    CREATE TABLE acceptance (
      account_id INTEGER NOT NULL REFERENCES account (id),
      version INTEGER NOT NULL REFERENCES terms (version),
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (account_id, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notice (
      id INTEGER PRIMARY KEY,
      title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 256),
      body TEXT NOT NULL CHECK (length(body) BETWEEN 1 AND 4096),
      at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE notice_delivery (
      id INTEGER PRIMARY KEY,
      notice_id INTEGER NOT NULL REFERENCES notice (id),
      account_id INTEGER NOT NULL,
      channel INTEGER NOT NULL,
      target TEXT NOT NULL CHECK (length(target) BETWEEN 1 AND 256),
      state INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      next_ms INTEGER NOT NULL,
      sent_ms INTEGER
    ) STRICT;
    CREATE TABLE channel (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      sendmail TEXT NOT NULL CHECK (length(sendmail) BETWEEN 0 AND 256),
      sender TEXT NOT NULL CHECK (length(sender) BETWEEN 0 AND 256),
      webhook TEXT NOT NULL CHECK (length(webhook) BETWEEN 0 AND 256),
      secret BLOB NOT NULL CHECK (length(secret) = 32)
    ) STRICT;
    CREATE TABLE retirement (
      model_id INTEGER PRIMARY KEY REFERENCES model (id),
      announced_ms INTEGER NOT NULL,
      ends_ms INTEGER NOT NULL,
      successor TEXT CHECK (length(successor) BETWEEN 1 AND 64)
    ) STRICT;
    """
}
