// Terms and who accepted them, and models that are given notice, as rows of `meter.db`.

import FoundationEssentials
import GRDB

extension UsageStore {
  /// Days of notice before a model goes.
  package static let retirementDays: Int64 = 30

  /// Publishes terms of use. Their text stands elsewhere; its hash is kept.
  ///
  /// - Throws: ``UsageStoreError``: `wrongState` where they would begin in the past, `invalidName` for a
  ///   title that is not one line.
  package func publishTerms(
    title: String, text: [UInt8], effectiveFromMilliseconds: Int64? = nil
  ) throws(UsageStoreError) -> TermsRecord {
    guard title.isOneLine(of: 1...256) else {
      throw UsageStoreError(.invalidName, "a title is one line of 1 to 256 characters")
    }
    let now = clock.wallMilliseconds()
    let effective = effectiveFromMilliseconds ?? now
    guard effective >= now else {
      throw UsageStoreError(.wrongState, "terms cannot begin in the past: choose now or later")
    }
    return try write(doing: "publish terms") { db in
      let hash = LibCrypto.sha256(text)
      try db.execute(
        sql: "INSERT INTO terms (title, hash, effective_ms) VALUES (?, ?, ?)",
        arguments: [title, Data(hash), effective])
      let version = db.lastInsertedRowID
      try note(
        "terms.publish", "terms \(version)",
        change: AuditChange(
          version > 1 ? "terms \(version - 1)" : "none", "SHA-256 " + hexText(hash)), in: db)
      return TermsRecord(
        version: version, title: title, hash: hash, effectiveMilliseconds: effective)
    }
  }

  /// All terms that were ever published, oldest first.
  package func terms() throws(UsageStoreError) -> [TermsRecord] {
    try read(doing: "read the terms") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM terms ORDER BY version").map { row in
        TermsRecord(
          version: row["version"], title: row["title"], hash: [UInt8](row["hash"] as Data),
          effectiveMilliseconds: row["effective_ms"])
      }
    }
  }

  /// Which version each account has accepted last.
  package func acceptances() throws(UsageStoreError) -> [AccountID: Int64] {
    let rows = try read(doing: "read who accepted terms") {
      try Row.fetchAll(
        $0, sql: "SELECT account_id, max(version) AS version FROM acceptance GROUP BY account_id"
      ).map { (AccountID(rawValue: $0["account_id"]), $0["version"] as Int64) }
    }
    return Dictionary(uniqueKeysWithValues: rows)
  }

  /// When an account accepted a version, nil where it did not.
  package func acceptance(
    of version: Int64, by account: AccountID
  ) throws(UsageStoreError) -> Int64? {
    try read(doing: "read who accepted terms") {
      try Int64.fetchOne(
        $0, sql: "SELECT at_ms FROM acceptance WHERE account_id = ? AND version = ?",
        arguments: [account.rawValue, version])
    }
  }

  /// Notes that an account went on using the service under a version. The first time counts.
  package func accept(
    _ version: Int64, by account: AccountID, atMilliseconds: Int64
  ) throws(UsageStoreError) {
    try write(doing: "note who accepted terms") { db in
      try db.execute(
        sql: "INSERT INTO acceptance VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [account.rawValue, version, atMilliseconds])
    }
  }

  /// Gives notice for a model: from a moment on it is not served. All customers are told.
  ///
  /// - Parameters:
  ///   - saidMilliseconds: the moment that the 30 days are counted from, where that is a moment ago; nil
  ///     for now.
  ///   - emergency: why it goes in less than 30 days; nil where it does not. It is audited.
  /// - Throws: ``UsageStoreError``: `wrongState` for less than 30 days without an emergency, and
  ///   for a model as its own successor; `notFound` for a model, or a successor, that is not known.
  package func retire(
    _ model: ModelID, onMilliseconds: Int64, saidMilliseconds: Int64? = nil,
    successor: ShortName? = nil, emergency: ShortName? = nil
  ) throws(UsageStoreError) {
    let now = saidMilliseconds ?? clock.wallMilliseconds()
    guard onMilliseconds >= now + Self.retirementDays * 86_400_000 || emergency != nil else {
      throw UsageStoreError(
        .wrongState,
        "a model goes after \(Self.retirementDays) days of notice at least: choose a later day, or "
          + "name the emergency, which is audited")
    }
    try write(doing: "give notice for a model") { db in
      let name = try String.fetchOne(
        db, sql: "SELECT name FROM model WHERE id = ?", arguments: [model.rawValue])
      guard let name else { throw UsageStoreError(.notFound, "no model has this number") }
      if let successor { try Self.check(successor, asSuccessorOf: name, in: db) }
      let before = try Int64.fetchOne(
        db, sql: "SELECT ends_ms FROM retirement WHERE model_id = ?", arguments: [model.rawValue])
      try db.execute(
        sql: """
          INSERT INTO retirement VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
            ends_ms = excluded.ends_ms, successor = excluded.successor
          """, arguments: [model.rawValue, now, onMilliseconds, successor?.text])
      let day = CivilDate(dayNumber: onMilliseconds / 86_400_000)
      _ = try publishNotice(
        title: "Model \(name) goes on \(day)",
        body: "The model \(name) will not be served from \(day) on."
          + (successor.map { " Please use \($0) instead." } ?? ""), to: nil, in: db)
      try note(
        "model.retire", "model \(model.rawValue)",
        emergency.map { "emergency: \($0)" } ?? "with notice",
        change: AuditChange(
          before.map { "ends \(CivilTime($0))" } ?? "served", "ends \(CivilTime(onMilliseconds))"),
        in: db)
    }
  }

  /// Takes the notice of a model back: it is served as before. All customers are told.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` for a model that was not given notice.
  package func keep(_ model: ModelID) throws(UsageStoreError) {
    try write(doing: "take the notice of a model back") { db in
      let row = try Row.fetchOne(
        db,
        sql: "SELECT name, ends_ms FROM retirement JOIN model ON model.id = model_id WHERE id = ?",
        arguments: [model.rawValue])
      guard let row else {
        throw UsageStoreError(.notFound, "the model was not given notice")
      }
      let (name, ends) = (row["name"] as String, row["ends_ms"] as Int64)
      try db.execute(
        sql: "DELETE FROM retirement WHERE model_id = ?", arguments: [model.rawValue])
      _ = try publishNotice(
        title: "Model \(name) stays",
        body: "The model \(name) is served as before: it does not go on "
          + "\(CivilDate(dayNumber: ends / 86_400_000)).", to: nil, in: db)
      try note(
        "model.keep", "model \(model.rawValue)",
        change: AuditChange("ends \(CivilTime(ends))", "served"), in: db)
    }
  }

  /// Throws where a model cannot take the place of another.
  private static func check(
    _ successor: ShortName, asSuccessorOf name: String, in db: Database
  ) throws {
    guard successor.text != name else {
      throw UsageStoreError(.wrongState, "'\(name)' cannot be its own successor")
    }
    let isKnown = try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM model WHERE name = ?)", arguments: [successor.text])
    guard isKnown == true else {
      throw UsageStoreError(
        .notFound,
        "no model called '\(successor)' was ever served or priced here: 'apus meter model add' "
          + "makes it known")
    }
  }

  /// The models that were given notice.
  package func retirements() throws(UsageStoreError) -> [ModelID: ModelRetirement] {
    let rows = try read(doing: "read which models go") {
      try Row.fetchAll($0, sql: "SELECT * FROM retirement").map { row in
        ModelRetirement(
          model: ModelID(rawValue: row["model_id"]), announcedMilliseconds: row["announced_ms"],
          endsMilliseconds: row["ends_ms"],
          successor: (row["successor"] as String?).flatMap(ShortName.init))
      }
    }
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.model, $0) })
  }
}
