// What probes found, in a file for each month. It is not forced to the disk: a row is worth as much
// as its neighbours.

import FoundationEssentials
import GRDB

/// One `probes-YYYY-MM.db`.
final class ProbeFile: Sendable {
  private static let schema = Schema(steps: [
    """
    CREATE TABLE probe (
      at_ms INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      answered INTEGER NOT NULL CHECK (answered IN (0, 1)),
      took_us INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX probe_by_model ON probe (model_id, at_ms);
    """
  ])

  let month: UTCMonth
  private let queue: DatabaseQueue

  /// Opens the month's file, or makes it.
  init(folder: String, month: UTCMonth) throws(UsageStoreError) {
    self.month = month
    let path = Self.path(folder: folder, month: month)
    do {
      queue = try Self.schema.open(path)
      try queue.inDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL;") }
    } catch { throw UsageStoreError(error, doing: "open '\(path)'") }
  }

  /// Where a month's probes stand.
  static func path(folder: String, month: UTCMonth) -> String { "\(folder)/probes-\(month).db" }

  /// Adds rows in one transaction.
  func write(_ rows: [ProbeRow]) throws(UsageStoreError) {
    do {
      try queue.writeIfOpen { db in
        for row in rows {
          try db.cachedStatement(sql: "INSERT INTO probe VALUES (?, ?, ?, ?)").execute(
            arguments: [
              row.atMilliseconds, row.model.rawValue, row.isAnswered, row.microseconds,
            ])
        }
      }
    } catch { throw UsageStoreError(error, doing: "write what a probe found") }
  }

  /// The rows of a model from a moment on, in the order of time.
  static func rows(
    folder: String, month: UTCMonth, model: ModelID, from start: Int64
  ) throws(UsageStoreError) -> [ProbeRow] {
    let path = path(folder: folder, month: month)
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    do {
      return try Schema.openForReading(path).read { db in
        try Row.fetchAll(
          db, sql: "SELECT * FROM probe WHERE model_id = ? AND at_ms >= ? ORDER BY at_ms, rowid",
          arguments: [model.rawValue, start]
        ).map {
          ProbeRow(
            model: model, atMilliseconds: $0["at_ms"], isAnswered: $0["answered"],
            microseconds: $0["took_us"])
        }
      }
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }

  /// Closes the file.
  func close() throws(UsageStoreError) {
    do { try queue.close() } catch { throw UsageStoreError(error, doing: "close a file of probes") }
  }
}

extension UsageStore {
  /// Keeps what probes found.
  package func record(_ rows: [ProbeRow]) throws(UsageStoreError) {
    for (month, rows) in Dictionary(
      grouping: rows, by: { UTCMonth(wallMilliseconds: $0.atMilliseconds) })
    {
      try probeFile(month).write(rows)
    }
  }

  /// What the probes of a model found from a moment on, in the order of time, of that month and the
  /// next.
  package func probes(
    of model: ModelID, from start: Int64
  ) throws(UsageStoreError) -> [ProbeRow] {
    var month = UTCMonth(wallMilliseconds: start)
    // 30 days can lie in three months.
    let last = max(UTCMonth(wallMilliseconds: clock.wallMilliseconds()), month.next)
    var rows: [ProbeRow] = []
    while month <= last {
      rows += try ProbeFile.rows(folder: folder, month: month, model: model, from: start)
      month = month.next
    }
    return rows
  }

  /// How long a model was there between a moment and now.
  package func availability(
    of model: ModelID, from start: Int64
  ) throws(UsageStoreError) -> Availability {
    var availability = Availability()
    for row in try probes(of: model, from: start) {
      availability.add(at: row.atMilliseconds, isAnswered: row.isAnswered)
    }
    availability.close(at: clock.wallMilliseconds())
    return availability
  }
}
