// What keys are confined to: models, and the networks that they may be used from.

import GRDB

/// The allow-lists of all keys; a key without a row is confined to nothing.
struct KeyScopes {
  let models: [Int64: Set<ModelID>]
  let addresses: [Int64: [AddressRange]]

  /// Reads all of them.
  init(_ db: Database) throws {
    models = try Row.fetchAll(db, sql: "SELECT * FROM key_model").reduce(into: [:]) { lists, row in
      lists[row["key_id"], default: []].insert(ModelID(rawValue: row["model_id"]))
    }
    addresses = try Row.fetchAll(db, sql: "SELECT * FROM key_address ORDER BY range")
      .reduce(into: [:]) { lists, row in
        guard let range = AddressRange(row["range"] as String) else { return }
        lists[row["key_id"], default: []].append(range)
      }
  }
}

extension UsageStore {
  /// Confines a key to models; an empty list lets it use all of them again.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` where no key has this name.
  package func setModels(
    _ models: [ModelID], for name: KeyName
  ) throws(UsageStoreError) {
    try write(doing: "confine a key to models") { db in
      let id = try Self.keyNumber(name, in: db)
      try db.execute(sql: "DELETE FROM key_model WHERE key_id = ?", arguments: [id])
      let before = db.changesCount
      for model in Set(models) {
        try db.execute(
          sql: "INSERT INTO key_model VALUES (?, ?)", arguments: [id, model.rawValue])
      }
      try note(
        "key.models", "key \(name)", "\(models.count) models",
        change: Self.confinement(from: before, to: Set(models).count), in: db)
    }
  }

  /// Confines a key to networks; an empty list lets it be used from everywhere again.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` where no key has this name.
  package func setAddresses(
    _ ranges: [AddressRange], for name: KeyName
  ) throws(UsageStoreError) {
    try write(doing: "confine a key to networks") { db in
      let id = try Self.keyNumber(name, in: db)
      try db.execute(sql: "DELETE FROM key_address WHERE key_id = ?", arguments: [id])
      let before = db.changesCount
      for range in Set(ranges) {
        try db.execute(
          sql: "INSERT INTO key_address VALUES (?, ?)", arguments: [id, range.description])
      }
      try note(
        "key.addresses", "key \(name)", "\(ranges.count) networks",
        change: Self.confinement(from: before, to: Set(ranges).count), in: db)
    }
  }

  /// How many there were and are. Not which: a customer's networks go with their erasure.
  private static func confinement(from before: Int, to after: Int) -> AuditChange {
    let words = [before, after].map { $0 == 0 ? "all" : "\($0)" }
    return AuditChange(words[0], words[1])
  }

  /// Confines a new key to what the old one was confined to, with its limits at single models.
  static func copyScopes(from old: KeyID, to new: KeyID, in db: Database) throws {
    for (table, column) in [("key_model", "model_id"), ("key_address", "range")] {
      try db.execute(
        sql: "INSERT INTO \(table) SELECT ?, \(column) FROM \(table) WHERE key_id = ?",
        arguments: [new.rawValue, old.rawValue])
    }
    // Those at all models come with the key.
    try db.execute(
      sql: """
        INSERT INTO limit_rule SELECT scope_kind, ?, model_id, rpm, rpm_burst, itpm, itpm_burst, otpm,
          otpm_burst, tpm, tpm_burst, parallel, 1
        FROM limit_rule WHERE scope_kind = ? AND scope_id = ? AND model_id <> 0
        """, arguments: [new.rawValue, LimitRow.kindOfKeys, old.rawValue])
  }
}
