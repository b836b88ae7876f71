// Incident measures as rows of `meter.db`. A running server follows them; each is audited, and who
// was affected is told when it has ended.

import GRDB

extension UsageStore {
  /// Takes a measure that concerns everybody.
  ///
  /// - Parameter ranges: for `restrict`, the networks that are still answered; none for others.
  /// - Returns: the number to resolve it by.
  /// - Throws: ``UsageStoreError``: `wrongState` where the measure needs something else.
  package func take(
    _ measure: IncidentMeasure, ranges: [AddressRange] = []
  ) throws(UsageStoreError) -> Int64 {
    guard [.drain, .restart, .restrict, .isolate].contains(measure),
      (measure == .restrict) == !ranges.isEmpty
    else {
      throw UsageStoreError(
        .wrongState, "drain, restart and isolate concern everybody, and restrict names networks")
    }
    let text = ranges.map(\.description).joined(separator: ",")
    guard text.utf8.count <= 256 else {
      throw UsageStoreError(
        .invalidLimit, "these are too many networks for one measure: name larger ones")
    }
    return try write(doing: "take an incident measure") { db in
      let id = try insertIncident(measure, ranges: text, in: db)
      try note("incident.\(measure)", "incident \(id)", text, in: db)
      return id
    }
  }

  /// Stops one account at once, without warning; its owners are told.
  ///
  /// - Returns: the number to resolve it by.
  package func takeSuspension(
    of account: AccountID, reason: SuspensionReason, override: ShortName? = nil
  ) throws(UsageStoreError) -> Int64 {
    try checkWarning(account, reason: reason, override: override)
    return try write(doing: "take an incident measure") { db in
      let id = try insertIncident(.suspend, account: account, in: db)
      let before = try setState(
        .suspended, of: account, reason: reason, incident: id, remark: Self.remark(override),
        in: db)
      try db.execute(
        sql: "UPDATE incident SET account_state = ? WHERE id = ?", arguments: [before.rawValue, id])
      try note("incident.suspend", "incident \(id)", "account \(account.rawValue)", in: db)
      try tellSuspension(of: account, reason: reason, in: db)
      return id
    }
  }

  /// Takes a measure back, and tells whom it has affected. An account that was stopped by this measure
  /// becomes what it was before; one that is stopped for something else stays so.
  ///
  /// - Throws: ``UsageStoreError``: `notFound` where no such incident is open.
  package func resolve(_ incident: Int64) throws(UsageStoreError) {
    guard let record = try incidents().first(where: { $0.id == incident }),
      record.endedMilliseconds == nil
    else { throw UsageStoreError(.notFound, "no open incident has the number \(incident)") }
    try end(record)
  }

  /// Ends the restart that this process is the end of.
  func resolveRestarts() throws(UsageStoreError) {
    for incident in try incidents() where incident.endedMilliseconds == nil {
      if incident.measure == .restart { try resolve(incident.id) }
    }
  }

  /// Notes that a model has ceased to answer its probes, or answers again. What is known already is
  /// not noted again.
  package func noteOutage(of model: ModelID, isOut: Bool) throws(UsageStoreError) {
    let open = try read(doing: "read the incidents") { try Self.outage(of: model, in: $0) }
    if let open {
      if !isOut { try end(open) }
    } else if isOut {
      try write(doing: "note an outage") { db in
        guard try Self.outage(of: model, in: db) == nil else { return }
        let id = try insertIncident(.outage, model: model, in: db)
        try note("incident.outage", "incident \(id)", "model \(model.rawValue)", in: db)
      }
    }
  }

  /// The outage of a model that goes on.
  private static func outage(of model: ModelID, in db: Database) throws -> IncidentRecord? {
    try Row.fetchOne(
      db,
      sql: "SELECT * FROM incident WHERE measure = ? AND model_id = ? AND ended_ms IS NULL LIMIT 1",
      arguments: [IncidentMeasure.outage.rawValue, model.rawValue]
    ).flatMap(incident)
  }

  private static func incident(_ row: Row) -> IncidentRecord? {
    guard let measure = IncidentMeasure(rawValue: row["measure"]) else { return nil }
    return IncidentRecord(
      id: row["id"], measure: measure,
      account: (row["account_id"] as Int64?).map(AccountID.init(rawValue:)),
      model: (row["model_id"] as Int64?).map(ModelID.init(rawValue:)),
      ranges: (row["ranges"] as String).split(separator: ",")
        .compactMap { AddressRange(String($0)) },
      startedMilliseconds: row["started_ms"], endedMilliseconds: row["ended_ms"])
  }

  /// All incidents, newest first.
  package func incidents() throws(UsageStoreError) -> [IncidentRecord] {
    try read(doing: "read the incidents") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM incident ORDER BY id DESC")
        .compactMap(Self.incident)
    }
  }

  /// Ends an incident and, unless it was a model's outage, tells whom it has affected.
  private func end(_ record: IncidentRecord) throws(UsageStoreError) {
    let now = clock.wallMilliseconds()
    try write(doing: "end an incident") { db in
      let stopped = try Row.fetchOne(
        db,
        sql: """
          SELECT account.id, account_state FROM account JOIN incident ON incident.id = suspended_by
          WHERE incident.id = ? AND account.state = ?
          """, arguments: [record.id, AccountState.suspended.rawValue])
      if let stopped {
        let before = (stopped["account_state"] as Int64?).flatMap(AccountState.init(rawValue:))
        _ = try setState(
          before ?? .active, of: AccountID(rawValue: stopped["id"]),
          remark: "incident \(record.id) is over", in: db)
      }
      try db.execute(
        sql: "UPDATE incident SET ended_ms = ? WHERE id = ? AND ended_ms IS NULL",
        arguments: [now, record.id])
      try note("incident.resolve", "incident \(record.id)", "\(record.measure)", in: db)
      guard record.measure != .outage else { return }
      _ = try publishNotice(
        title: "An incident is over",
        body: "\(record.measure.told) That was from \(CivilTime(record.startedMilliseconds)) to "
          + "\(CivilTime(now)), and is over.", to: record.account, in: db)
    }
  }

  private func insertIncident(
    _ measure: IncidentMeasure, account: AccountID? = nil, model: ModelID? = nil,
    ranges: String = "", in db: Database
  ) throws -> Int64 {
    try db.execute(
      sql: """
        INSERT INTO incident (measure, account_id, model_id, ranges, started_ms)
        VALUES (?, ?, ?, ?, ?)
        """,
      arguments: [
        measure.rawValue, account?.rawValue, model?.rawValue, ranges, clock.wallMilliseconds(),
      ])
    return db.lastInsertedRowID
  }
}

extension IncidentMeasure {
  /// What customers are told of it.
  fileprivate var told: String {
    switch self {
    case .suspend: "Your account was stopped for an incident."
    case .drain: "The service took no new requests for an incident."
    case .restart: "The service was restarted for an incident."
    case .restrict: "The service answered some networks only for an incident."
    case .isolate: "The service was taken off the network for an incident."
    case .outage: "A model did not answer."
    }
  }
}
