// What the metadata profile names of a client's machine, in a file for each UTC day, so that it goes
// from the disk as a whole file when its time is over.

import FoundationEssentials
import GRDB

/// One `pii-YYYY-MM-DD.db`.
///
/// It is written behind the ledger and not forced to the disk: a power cut may lose its last lines,
/// which cost nobody anything.
final class PersonalFile: Sendable {
  private static let prefix = "pii-"
  private static let suffix = ".db"
  private static let schema = Schema(steps: [
    """
    CREATE TABLE pii (
      request_id BLOB PRIMARY KEY CHECK (length(request_id) = 16)
    ) STRICT, WITHOUT ROWID;
    """
  ])

  private let queue: DatabaseQueue
  private let fields: [MetadataField]
  private let insertion: String

  /// Opens the day's file, or makes it, with the columns that the profile names.
  init(folder: String, day: CivilDate, profile: MetadataProfile) throws(UsageStoreError) {
    let path = Self.path(folder: folder, day: day)
    fields = profile.personalFields
    do {
      queue = try Self.schema.open(path)
      let hasDropped = try queue.writeIfOpen { [fields] db in
        try ProfileColumns.conform(
          "pii", to: fields, of: MetadataField.personal, in: db)
      }
      try queue.inDatabase {
        try $0.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;")
      }
      if hasDropped { try ProfileColumns.wipe(queue) }
    } catch { throw UsageStoreError(error, doing: "open '\(path)'") }
    let names = ["request_id"] + fields.map(\.rawValue)
    insertion =
      "INSERT INTO pii (\(names.joined(separator: ", "))) VALUES "
      + "(\(names.map { _ in "?" }.joined(separator: ", "))) ON CONFLICT DO NOTHING"
  }

  /// Where a day's file stands.
  static func path(folder: String, day: CivilDate) -> String {
    "\(folder)/\(prefix)\(day)\(suffix)"
  }

  /// All files of a day.
  static func paths(folder: String, day: CivilDate) -> [String] {
    ["", "-wal", "-shm"].map { path(folder: folder, day: day) + $0 }
  }

  /// The day that a file of this name holds, nil for other files.
  static func day(fileName: String) -> CivilDate? {
    guard fileName.hasPrefix(prefix), fileName.hasSuffix(suffix) else { return nil }
    return CivilDate(fileName.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// Writes what is known of the clients of some requests, in one transaction.
  func write(_ rows: [OpenRow]) throws(UsageStoreError) {
    do {
      try queue.writeIfOpen { db in
        let statement = try db.cachedStatement(sql: insertion)
        for row in rows {
          let values = fields.map { field -> String? in
            field == .address ? row.client.address?.description : row.client.agent?.description
          }
          guard values.contains(where: { $0 != nil }) else { continue }
          try statement.execute(
            arguments: [row.requestID.data] + StatementArguments(values))
        }
      }
    } catch { throw UsageStoreError(error, doing: "write what is known of clients") }
  }

  /// Makes every address the network that it lies in, /24 or /48, also in the bytes of the file.
  func truncateAddresses() throws(UsageStoreError) {
    guard fields.contains(.address) else { return }
    do {
      let count = try queue.writeIfOpen { db in
        let whole = try Set(
          String.fetchAll(db, sql: "SELECT ip FROM pii WHERE ip IS NOT NULL AND ip NOT LIKE '%/%'"))
        for address in whole {
          try db.execute(
            sql: "UPDATE pii SET ip = ? WHERE ip = ?",
            arguments: [NetworkAddress(address)?.network, address])
        }
        return whole.count
      }
      if count > 0 { try ProfileColumns.wipe(queue) }
    } catch { throw UsageStoreError(error, doing: "shorten addresses") }
  }

  /// Takes out what belongs to some requests, also out of the bytes of the file.
  ///
  /// - Returns: how many rows there were.
  func erase(_ requests: [RequestID]) throws(UsageStoreError) -> Int {
    do {
      let count = try queue.writeIfOpen { db in
        try requests.reduce(0) { count, id in
          try db.execute(sql: "DELETE FROM pii WHERE request_id = ?", arguments: [id.data])
          return count + db.changesCount
        }
      }
      if count > 0 { try ProfileColumns.wipe(queue) }
      return count
    } catch { throw UsageStoreError(error, doing: "erase what is known of clients") }
  }

  /// What is known of the clients of a day, by request.
  static func rows(
    folder: String, day: CivilDate
  ) throws(UsageStoreError) -> [RequestID: [MetadataField: String]] {
    let path = path(folder: folder, day: day)
    do {
      let rows = try Schema.openForReading(path).read {
        try Row.fetchAll($0, sql: "SELECT * FROM pii")
      }
      return rows.reduce(into: [:]) { known, row in
        guard let id = RequestID(bytes: row["request_id"] as Data) else { return }
        for field in MetadataField.personal {
          known[id, default: [:]][field] = row[field.rawValue] as String?
        }
      }
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
  }

  /// Closes the file.
  func close() throws(UsageStoreError) {
    do { try queue.close() } catch { throw UsageStoreError(error, doing: "close a file of a day") }
  }
}
