// Who changed what and when: rows that are chained by hashes, so that none can be altered or taken
// out of the middle without the chain showing it.

import FoundationEssentials
import GRDB

/// Who acts through a store that several people use: a server's.
package enum AuditActor {
  /// The name that changes are noted under; nil for whoever opened the store.
  @TaskLocal package static var current: ShortName?
}

/// One change that somebody made.
package struct AuditEntry: Hashable, Sendable {
  package let number: Int64
  package let atMilliseconds: Int64
  /// The operator's login name; `apus` where no person was there.
  package let actor: String
  /// What was done, such as `key.revoke`.
  package let verb: String
  /// To what, such as `key abcd1234`.
  package let object: String
  /// Numbers and the operator's own words, at most 256 characters.
  package let detail: String
  /// What stood there before, and what stands there now; empty where the verb says it all. Neither names
  /// a person: entries outlive the erasure of an account.
  package let before: String
  package let after: String
  let previous: [UInt8]
  let hash: [UInt8]

  /// What the hash is made of: the hash before it and every field with its length. Entries of versions
  /// that knew no change have none among them.
  fileprivate static func digest(
    previous: [UInt8], number: Int64, at: Int64, fields: [String], change: AuditChange
  ) -> [UInt8] {
    var message = previous
    for value in [number, at] { message += value.bigEndianBytes }
    for field in fields + (change == AuditChange() ? [] : [change.before, change.after]) {
      message += Int64(field.utf8.count).bigEndianBytes
      message += Array(field.utf8)
    }
    return LibCrypto.sha256(message)
  }

  /// Whether the hash belongs to what the row says.
  fileprivate var isUnaltered: Bool {
    Self.digest(
      previous: previous, number: number, at: atMilliseconds,
      fields: [actor, verb, object, detail], change: AuditChange(before, after)) == hash
  }
}

/// What a change has changed, in a few words.
struct AuditChange: Equatable {
  fileprivate static let limit = 256

  let before: String
  let after: String

  /// From one state to another; without both, nothing that is worth saying.
  init(_ before: String = "", _ after: String = "") {
    self.before = String(before.unicodeScalars.prefix(Self.limit))
    self.after = String(after.unicodeScalars.prefix(Self.limit))
  }
}

/// What a look at the whole trail found.
package struct AuditVerdict: Hashable, Sendable {
  /// How many entries there are.
  package let count: Int
  /// The first entry that does not fit what stands before it; nil where the chain is whole.
  package let firstBroken: Int64?
  /// The hash of the last entry, to be kept elsewhere: a trail that was cut at its end no longer
  /// has it.
  package let head: [UInt8]
}

extension UsageStore {
  private static let detailLimit = 256

  /// Adds a change to the trail, in the transaction that makes it.
  func note(
    _ verb: String, _ object: String, _ detail: String = "",
    change: AuditChange = AuditChange(), in db: Database
  ) throws {
    let last = try Row.fetchOne(db, sql: "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
    let number: Int64 = last.map { $0["seq"] + 1 } ?? 1
    let previous = last.map { [UInt8]($0["hash"] as Data) } ?? [UInt8](repeating: 0, count: 32)
    let now = clock.wallMilliseconds()
    let fields = [
      (AuditActor.current ?? actor)?.text ?? "apus", verb,
      String(object.unicodeScalars.prefix(ShortName.byteLimit)),
      String(detail.unicodeScalars.prefix(Self.detailLimit)),
    ]
    let hash = AuditEntry.digest(
      previous: previous, number: number, at: now, fields: fields, change: change)
    try db.execute(
      sql: """
        INSERT INTO audit (seq, at_ms, actor, verb, object, detail, before, after, previous, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        number, now, fields[0], fields[1], fields[2], fields[3], change.before, change.after,
        Data(previous), Data(hash),
      ])
  }

  /// The newest entries of the trail, newest first.
  package func auditTrail(limit: Int = 100) throws(UsageStoreError) -> [AuditEntry] {
    try read(doing: "read the audit trail") { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM audit ORDER BY seq DESC LIMIT ?", arguments: [limit]
      ).map(AuditEntry.init)
    }
  }

  /// Recomputes the whole chain.
  package func verifyAudit() throws(UsageStoreError) -> AuditVerdict {
    try read(doing: "verify the audit trail") { db in
      var count = 0
      var broken: Int64?
      var before: AuditEntry?
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY seq")
      while let entry = try rows.next().map(AuditEntry.init) {
        // What stands before the first entry may have been let go with its time.
        let fits =
          before.map { $0.hash == entry.previous && $0.number + 1 == entry.number } ?? true
        if !fits || !entry.isUnaltered { broken = broken ?? entry.number }
        count += 1
        before = entry
      }
      return AuditVerdict(count: count, firstBroken: broken, head: before?.hash ?? [])
    }
  }
}

extension AuditEntry {
  fileprivate init(_ row: Row) {
    number = row["seq"]
    atMilliseconds = row["at_ms"]
    actor = row["actor"]
    verb = row["verb"]
    object = row["object"]
    detail = row["detail"]
    before = row["before"]
    after = row["after"]
    previous = [UInt8](row["previous"] as Data)
    hash = [UInt8](row["hash"] as Data)
  }
}

extension Int64 {
  /// Eight bytes, the most significant first.
  var bigEndianBytes: [UInt8] {
    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Int64($0)) }
  }
}
