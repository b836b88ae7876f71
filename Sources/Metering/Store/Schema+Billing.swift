// The third step of `meter.db`: who is billed by whom, and what was billed.

extension Schema {
  /// Parties, invoices, payments, disputes, dunning.
  static let billing = """
    CREATE TABLE party (
      account_id INTEGER PRIMARY KEY,
      name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
      street TEXT NOT NULL CHECK (length(street) BETWEEN 0 AND 256),
      city TEXT NOT NULL CHECK (length(city) BETWEEN 0 AND 256),
      postcode TEXT NOT NULL CHECK (length(postcode) BETWEEN 0 AND 64),
      country TEXT NOT NULL CHECK (length(country) = 2),
      vat_id TEXT NOT NULL CHECK (length(vat_id) BETWEEN 0 AND 64),
      email TEXT NOT NULL CHECK (length(email) BETWEEN 0 AND 256),
      reverse_charge INTEGER NOT NULL CHECK (reverse_charge IN (0, 1))
    ) STRICT;
    CREATE TABLE billing (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      zone TEXT NOT NULL CHECK (length(zone) BETWEEN 1 AND 64),
      series TEXT NOT NULL CHECK (length(series) BETWEEN 0 AND 64),
      tax_basis_points INTEGER NOT NULL CHECK (tax_basis_points BETWEEN 0 AND 10000),
      payment_days INTEGER NOT NULL CHECK (payment_days BETWEEN 0 AND 365),
      iban TEXT NOT NULL CHECK (length(iban) BETWEEN 0 AND 64),
      terms TEXT NOT NULL CHECK (length(terms) BETWEEN 0 AND 256)
    ) STRICT;
    CREATE TABLE invoice_series (
      series TEXT PRIMARY KEY CHECK (length(series) BETWEEN 0 AND 64),
      last INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE invoice (
      id INTEGER PRIMARY KEY,
      number TEXT NOT NULL UNIQUE CHECK (length(number) BETWEEN 1 AND 64),
      account_id INTEGER NOT NULL REFERENCES account (id),
      month TEXT NOT NULL CHECK (length(month) BETWEEN 1 AND 64),
      credits INTEGER UNIQUE REFERENCES invoice (id),
      issued_ms INTEGER NOT NULL,
      due_ms INTEGER NOT NULL,
      gross_cents INTEGER NOT NULL,
      document BLOB NOT NULL CHECK (length(document) BETWEEN 1 AND 1048576),
      hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE UNIQUE INDEX invoice_is_issued_once ON invoice (account_id, month)
      WHERE credits IS NULL;
    CREATE TRIGGER invoice_is_never_changed BEFORE UPDATE ON invoice
      BEGIN SELECT RAISE(ABORT, 'issued invoices never change'); END;
    CREATE TRIGGER invoice_is_never_deleted BEFORE DELETE ON invoice
      BEGIN SELECT RAISE(ABORT, 'issued invoices are kept'); END;
    CREATE TABLE payment (
      id INTEGER PRIMARY KEY,
      invoice_id INTEGER NOT NULL REFERENCES invoice (id),
      cents INTEGER NOT NULL CHECK (cents > 0),
      at_ms INTEGER NOT NULL,
      reference TEXT NOT NULL CHECK (length(reference) BETWEEN 0 AND 64)
    ) STRICT;
    CREATE TABLE dispute (
      id INTEGER PRIMARY KEY,
      invoice_id INTEGER NOT NULL REFERENCES invoice (id),
      line INTEGER NOT NULL,
      cents INTEGER NOT NULL,
      state INTEGER NOT NULL,
      opened_ms INTEGER NOT NULL,
      resolved_ms INTEGER,
      UNIQUE (invoice_id, line)
    ) STRICT;
    CREATE TABLE dunning (
      invoice_id INTEGER NOT NULL REFERENCES invoice (id),
      stage INTEGER NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (invoice_id, stage)
    ) STRICT, WITHOUT ROWID;
    """
}
