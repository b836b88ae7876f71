// The twelfth step of `meter.db`: what new keys begin with.

extension Schema {
  /// The operator's brand.
  static let brand = """
    CREATE TABLE key_brand (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      brand TEXT NOT NULL CHECK (length(brand) BETWEEN 1 AND 64),
      is_test INTEGER NOT NULL CHECK (is_test IN (0, 1))
    ) STRICT;
    """
}
