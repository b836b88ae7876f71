// The metadata profile of a data folder, and the files of days that it may ask for.

import FoundationEssentials
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension UsageStore {
  /// The profile that a folder was last served under.
  static func storedProfile(in db: Database) throws -> MetadataProfile {
    try String.fetchOne(db, sql: "SELECT name FROM metadata_profile")
      .flatMap(MetadataProfile.init(rawValue:)) ?? .standard
  }

  /// Remembers the profile that the folder is served under from now on; a change is audited.
  func adopt(_ profile: MetadataProfile) throws(UsageStoreError) {
    try write(doing: "choose what is kept of requests") { db in
      let before = try Self.storedProfile(in: db)
      guard before != profile else { return }
      try db.execute(
        sql: "INSERT OR REPLACE INTO metadata_profile VALUES (1, ?)", arguments: [profile.rawValue])
      try note(
        "profile.set", "metadata", profile.rawValue,
        change: AuditChange(before.rawValue, profile.rawValue), in: db)
    }
  }

  /// The days that have a file of what is known of clients, oldest first.
  package func personalDays() throws(UsageStoreError) -> [CivilDate] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .compactMap(PersonalFile.day(fileName:)).sorted()
    } catch {
      throw UsageStoreError(.cannotOpen, "cannot list '\(folder)': check the folder's rights")
    }
  }

  /// Writes what the profile names of the clients of requests that begin.
  func writePersonal(_ entries: [LedgerEntry]) throws(UsageStoreError) {
    guard !profile.personalFields.isEmpty else { return }
    let rows = entries.compactMap { entry -> OpenRow? in
      guard case .began(let row) = entry, row.client != ClientTraits() else { return nil }
      return row
    }
    for (day, rows) in Dictionary(grouping: rows, by: { CivilDate(of: $0.startedMilliseconds) }) {
      try personalFile(day).write(rows)
    }
  }

  /// Whether the file of a day is to go: after its days, with the events of its month at the latest,
  /// because nobody could tell any more whose lines they are; and where the profile names nothing about
  /// clients.
  func isOverTime(_ day: CivilDate, _ periods: RetentionPeriods) -> Bool {
    let now = clock.wallMilliseconds()
    let month = UTCMonth(wallMilliseconds: day.dayNumber * 86_400_000)
    return CivilDate(of: now).dayNumber - day.dayNumber >= periods.clientDays
      || month.index + periods.eventMonths < UTCMonth(wallMilliseconds: now).index
      || profile.personalFields.isEmpty
  }

  /// Lets go of what is known of clients: addresses become networks after some days, and files go
  /// after more (``isOverTime(_:_:)``).
  ///
  /// - Returns: the days whose file went.
  package func runPersonalRetention() throws(UsageStoreError) -> [CivilDate] {
    let periods = try retentionPeriods()
    let today = CivilDate(of: clock.wallMilliseconds())
    var gone: [CivilDate] = []
    for day in try personalDays() {
      if isOverTime(day, periods) {
        try closePersonalFile(day)
        for path in PersonalFile.paths(folder: folder, day: day)
        where unlink(path) != 0 && errno != ENOENT {
          throw UsageStoreError(.cannotOpen, "cannot remove '\(path)': check the folder's rights")
        }
        gone.append(day)
      } else if today.dayNumber - day.dayNumber >= periods.addressDays {
        let file = try PersonalFile(folder: folder, day: day, profile: profile)
        try file.truncateAddresses()
        try file.close()
      }
    }
    return gone
  }

  /// Takes out what is known of the clients of an account's requests.
  func erasePersonal(of account: AccountID) throws(UsageStoreError) {
    let days = try personalDays()
    guard !days.isEmpty else { return }
    for month in try months() {
      let requests = try events(of: month, "WHERE account_id = ?", [account.rawValue]).map(\.row)
      for (day, rows) in Dictionary(
        grouping: requests, by: { CivilDate(of: $0.startedMilliseconds) })
      where days.contains(day) {
        let file = try PersonalFile(folder: folder, day: day, profile: profile)
        _ = try file.erase(rows.map(\.requestID))
        try file.close()
      }
    }
  }

  /// What is known of the clients of requests that began on some day.
  package func personalRows(
    of day: CivilDate
  ) throws(UsageStoreError) -> [RequestID: [MetadataField: String]] {
    try personalDays().contains(day) ? PersonalFile.rows(folder: folder, day: day) : [:]
  }
}

extension CivilDate {
  /// The UTC day of a moment.
  package init(of wallMilliseconds: Int64) {
    let days = wallMilliseconds / 86_400_000
    self.init(dayNumber: days * 86_400_000 > wallMilliseconds ? days - 1 : days)
  }

  /// The day that text such as `2026-11-22` names, nil for other text.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 10, let month = UTCMonth(text.prefix(7)),
      text.dropFirst(7).first == "-", let number = Int64(text.suffix(2)), number >= 1
    else { return nil }
    self.init(dayNumber: month.firstHour / 24 + number - 1)
    guard description == text else { return nil }
  }
}

/// What is known of clients, a day read when it is first asked for.
struct PersonalRows {
  let store: UsageStore
  private var days: [CivilDate: [RequestID: [MetadataField: String]]] = [:]

  init(store: UsageStore) { self.store = store }

  /// What is known of a request's client.
  mutating func of(
    _ request: RequestID, startedMilliseconds: Int64
  ) throws(UsageStoreError) -> [MetadataField: String] {
    let day = CivilDate(of: startedMilliseconds)
    if let known = days[day] { return known[request] ?? [:] }
    let known = try store.personalRows(of: day)
    days[day] = known
    return known[request] ?? [:]
  }
}
