// The names of models as rows of `meter.db`.

import GRDB

extension UsageStore {
  /// The row number of a model, made on first use.
  package func modelID(_ name: ShortName) throws(UsageStoreError) -> ModelID {
    try write(doing: "name a model") { db in
      try db.execute(
        sql: "INSERT INTO model (name) VALUES (?) ON CONFLICT DO NOTHING", arguments: [name.text])
      let id = try Int64.fetchOne(
        db, sql: "SELECT id FROM model WHERE name = ?", arguments: [name.text])
      return ModelID(rawValue: id ?? 0)
    }
  }

  /// The names of all models that were ever served.
  package func modelNames() throws(UsageStoreError) -> [ModelID: ShortName] {
    let rows = try read(doing: "read the models") {
      try Row.fetchAll($0, sql: "SELECT id, name FROM model").map { row in
        (ModelID(rawValue: row["id"]), ShortName(row["name"]))
      }
    }
    return rows.reduce(into: [:]) { names, row in names[row.0] = row.1 }
  }
}
