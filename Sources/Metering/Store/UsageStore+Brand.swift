// What new keys begin with, as a row of `meter.db`.

import GRDB

extension UsageStore {
  /// What new keys begin with.
  package func keyBrand() throws(UsageStoreError) -> KeyBrand {
    try read(doing: "read what keys begin with", Self.keyBrand)
  }

  /// Says what new keys begin with. Those that were made before go on as they are.
  package func setKeyBrand(_ brand: KeyBrand) throws(UsageStoreError) {
    try write(doing: "say what keys begin with") { db in
      let before = try Self.keyBrand(in: db)
      try db.execute(
        sql: "INSERT OR REPLACE INTO key_brand VALUES (1, ?, ?)",
        arguments: [brand.text, brand.isTest])
      try note(
        "key.brand", "keys", brand.description,
        change: AuditChange(before.description, brand.description), in: db)
    }
  }

  static func keyBrand(in db: Database) throws -> KeyBrand {
    let row = try Row.fetchOne(db, sql: "SELECT * FROM key_brand")
    return row.flatMap { KeyBrand($0["brand"], isTest: $0["is_test"]) } ?? .standard
  }
}
