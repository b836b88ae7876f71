// The names of models, and what their tokens are made by, as rows of `meter.db`.

import FoundationEssentials
import GRDB

/// What a model's tokens were made by from a moment on.
package struct TokenizerRecord: Hashable, Sendable {
  package let fromMilliseconds: Int64
  /// SHA-256, 32 bytes.
  package let hash: [UInt8]

  /// What tokenizer and chat template in one form hash to.
  package static func hash(of bytes: [UInt8]) -> [UInt8] { LibCrypto.sha256(bytes) }
}

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

  /// Notes what a model's tokens are made by from now on, where it has changed: receipts carry its
  /// hash, so that customers can count again.
  ///
  /// - Parameter bytes: tokenizer and chat template, in one form.
  package func noteTokenizer(_ bytes: [UInt8], of model: ModelID) throws(UsageStoreError) {
    let hash = Data(TokenizerRecord.hash(of: bytes))
    let now = clock.wallMilliseconds()
    try write(doing: "note a model's tokenizer") { db in
      let last = try Data.fetchOne(
        db, sql: "SELECT sha256 FROM tokenizer WHERE model_id = ? ORDER BY from_ms DESC",
        arguments: [model.rawValue])
      guard last != hash else { return }
      try db.execute(
        sql: "INSERT OR REPLACE INTO tokenizer VALUES (?, ?, ?)",
        arguments: [model.rawValue, now, hash])
    }
  }

  /// The tokenizers of all models, oldest first.
  package func tokenizers() throws(UsageStoreError) -> [ModelID: [TokenizerRecord]] {
    try read(doing: "read the models' tokenizers") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM tokenizer ORDER BY from_ms").reduce(into: [:]) {
        $0[ModelID(rawValue: $1["model_id"]), default: []].append(
          TokenizerRecord(
            fromMilliseconds: $1["from_ms"], hash: [UInt8]($1["sha256"] as Data)))
      }
    }
  }
}
