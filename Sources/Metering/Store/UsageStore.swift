// The data folder as one object: `meter.db` for keys and limits, a file of events for each month, one of
// what is open, the pepper, and the locks that keep writers apart.

import FoundationEssentials
import GRDB
import Synchronization

/// The durable half of the module. It holds numbers and the operator's own short names only.
package final class UsageStore: UsageLedger {
  /// What a process opens the folder for.
  package enum Mode: Sendable {
    /// To write usage rows; one process at a time, which also ends what a crash left open.
    case serving
    /// To change keys and to look, also while another process serves.
    case administering
  }

  /// Where everything stands.
  package let folder: String
  let pepperPlace: PepperPlace
  let clock: MeterClock
  /// Who changes things through this object, for the audit trail.
  let actor: ShortName?
  /// What is kept of a request.
  package let profile: MetadataProfile
  private let database: DatabaseQueue
  private let reader: DatabaseQueue
  private let writerLock: FolderLock
  private let servingLock: FolderLock?
  /// Nil for a process that does not serve.
  private let openings: OpeningFile?
  private let eventFiles = Mutex<[UTCMonth: EventFile]>([:])
  private let personalFiles = Mutex<[CivilDate: PersonalFile]>([:])
  private let probes = Mutex<ProbeFile?>(nil)

  /// The version of the system's SQLite, such as `3.40.1`.
  package static var sqliteVersion: String {
    let number = Int(Database.sqliteLibVersionNumber)
    return "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
  }

  /// How many months' files stay open for writing.
  private static let openFileLimit = 3

  /// Opens the data folder, or makes it.
  ///
  /// - Parameters:
  ///   - actor: who changes things, for the audit trail; nil for a process on its own.
  ///   - profile: what is kept of a request, for a process that serves; nil for what was chosen last.
  ///   - credentials: a folder where peppers are looked for first; nil for none.
  /// - Throws: ``UsageStoreError``, also where another process already serves from this folder.
  package init(
    folder: String, mode: Mode, actor: ShortName? = nil, clock: MeterClock = .system,
    profile: MetadataProfile? = nil,
    credentials: String? = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"]
  ) throws(UsageStoreError) {
    self.folder = folder
    self.clock = clock
    self.actor = actor
    try DataFolder.create(folder)
    if mode == .serving {
      let lock = try FolderLock(path: folder + "/serving.lock")
      guard lock.takeAtOnce() else {
        throw UsageStoreError(
          .alreadyServing,
          "another server already writes to '\(folder)': stop it, or set APUS_DATA to another "
            + "folder for this one")
      }
      servingLock = lock
    } else {
      servingLock = nil
    }
    writerLock = try FolderLock(path: folder + "/writer.lock")
    let path = folder + "/meter.db"
    do {
      database = try writerLock.whileHeld { try Schema.meter.open(path) }
      reader = try Schema.openForReading(path)
    } catch { throw UsageStoreError(error, doing: "open '\(path)'") }
    pepperPlace = PepperPlace(folder: folder, credentials: credentials)
    let needed: Set<Int64>
    do {
      (needed, self.profile) = try reader.readIfOpen {
        (try Self.neededPeppers(in: $0), try profile ?? Self.storedProfile(in: $0))
      }
    } catch { throw UsageStoreError(error, doing: "read '\(path)'") }
    // Whoever opens a folder that lacks one hears of it now, and not at the first key.
    _ = try Peppers(pepperPlace, needed: needed)
    openings =
      mode == .serving
      ? try OpeningFile(folder: folder, keepsRole: self.profile.names(.role)) : nil
    if mode == .serving {
      try adopt(self.profile)
      try endLeftRequests()
      _ = try runPersonalRetention()
      try resolveRestarts()
    }
  }

  /// Changes `meter.db` in one transaction, with no other writer in any process.
  func write<Result: Sendable>(
    doing action: String, _ body: (Database) throws -> Result
  ) throws(UsageStoreError) -> Result {
    do { return try writerLock.whileHeld { try database.writeIfOpen(body) } } catch {
      throw UsageStoreError(error, doing: action)
    }
  }

  /// Works on `meter.db` outside any transaction, with no other writer in any process.
  func maintain(
    doing action: String, _ body: (Database) throws -> Void
  ) throws(UsageStoreError) {
    do { try writerLock.whileHeld { try database.inDatabase(body) } } catch {
      throw UsageStoreError(error, doing: action)
    }
  }

  /// Looks into `meter.db`.
  func read<Result: Sendable>(
    doing action: String, _ body: (Database) throws -> Result
  ) throws(UsageStoreError) -> Result {
    do { return try reader.readIfOpen(body) } catch { throw UsageStoreError(error, doing: action) }
  }

  /// A number that changes whenever another connection, of any process, has changed `meter.db`.
  func dataVersion() throws(UsageStoreError) -> Int64 {
    do {
      return try reader.inDatabase { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    } catch { throw UsageStoreError(error, doing: "look for changes of meter.db") }
  }

  package func open(_ row: OpenRow) throws(UsageStoreError) -> Opening {
    try servingOpenings().open(row)
  }

  package func note(_ opening: Opening, completionTokens: Int64) {
    openings?.note(opening, completionTokens: completionTokens)
  }

  package func forceOpenings() throws(UsageStoreError) { try servingOpenings().force() }

  package func close(_ openings: [Opening]) { self.openings?.close(openings) }

  /// Writes rows to the files of their months, each file in one transaction. When this returns they are
  /// on the disk; when it throws, those of some months may be. What is kept of clients comes behind
  /// them, and stops nothing where it cannot be written.
  package func commit(_ entries: [LedgerEntry]) throws(UsageStoreError) {
    var rest = entries.compactMap { entry -> UsageRow? in
      if case .settled(let row, _) = entry { row } else { nil }
    }[...]
    while let month = rest.first?.month {
      let same = rest.prefix { $0.month == month }
      try eventFile(month).commit(same)
      rest = rest.dropFirst(same.count)
    }
    try? writePersonal(entries)
  }

  /// The newest usage rows of a month, newest first; none where nothing happened in it.
  package func usageRows(
    month: UTCMonth, account: AccountID? = nil, limit: Int = 100
  ) throws(UsageStoreError) -> [UsageRow] {
    guard
      FileManager.default.fileExists(atPath: EventFile.path(folder: folder, month: month))
    else { return [] }
    return try EventFile.newestRows(
      folder: folder, month: month, account: account, limit: limit)
  }

  /// The row of a request; nil where no month that is kept has it.
  package func usageRow(_ request: RequestID) throws(UsageStoreError) -> UsageRow? {
    let path = EventFile.path(folder: folder, month: request.month)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try EventFile.row(of: request, folder: folder)
  }

  /// The sums of a month's file over its events and over its rollups, which must be equal.
  package func sums(
    month: UTCMonth
  ) throws(UsageStoreError) -> (events: LedgerSums, rollups: LedgerSums) {
    try EventFile.sums(folder: folder, file: month)
  }

  /// The months that have a file of events, oldest first.
  package func months() throws(UsageStoreError) -> [UTCMonth] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .compactMap(EventFile.month(fileName:)).sorted()
    } catch {
      throw UsageStoreError(.cannotOpen, "cannot list '\(folder)': check the folder's rights")
    }
  }

  /// How the file of the current month is written: SQLite's own words for the journal, and the
  /// level of `synchronous` (2 is FULL, which survives a power cut).
  package func ledgerSettings() throws(UsageStoreError) -> (journalMode: String, synchronous: Int) {
    try eventFile(UTCMonth(wallMilliseconds: clock.wallMilliseconds())).settings()
  }

  /// Closes every file. Nothing may be written after it.
  package func close() throws(UsageStoreError) {
    for file in eventFiles.withLock({ files in
      defer { files = [:] }
      return Array(files.values)
    }) { try file.close() }
    for day in personalFiles.withLock({ Array($0.keys) }) { try closePersonalFile(day) }
    try probes.withLock { $0.take() }?.close()
    openings?.end()
    do {
      try reader.close()
      try writerLock.whileHeld { try database.close() }
    } catch { throw UsageStoreError(error, doing: "close meter.db") }
    // Now, and not when the last watch lets go of this store.
    servingLock?.giveBack()
  }

  private func eventFile(_ month: UTCMonth) throws(UsageStoreError) -> EventFile {
    if let file = eventFiles.withLock({ $0[month] }) { return file }
    let file = try EventFile(folder: folder, month: month, profile: profile)
    let retired = eventFiles.withLock { files -> EventFile? in
      files[month] = file
      guard files.count > Self.openFileLimit, let oldest = files.keys.min(), oldest != month
      else { return nil }
      return files.removeValue(forKey: oldest)
    }
    try retired?.close()
    return file
  }

  /// The file of a month's probes; the one before it is closed.
  func probeFile(_ month: UTCMonth) throws(UsageStoreError) -> ProbeFile {
    if let file = probes.withLock({ $0 }), file.month == month { return file }
    let file = try ProbeFile(folder: folder, month: month)
    let old = probes.withLock { current in
      defer { current = file }
      return current
    }
    try old?.close()
    return file
  }

  /// The file of a day; yesterday's stays open beside it for answers that began before midnight.
  func personalFile(_ day: CivilDate) throws(UsageStoreError) -> PersonalFile {
    if let file = personalFiles.withLock({ $0[day] }) { return file }
    let file = try PersonalFile(folder: folder, day: day, profile: profile)
    let old = personalFiles.withLock { files in
      files[day] = file
      return files.keys.filter { $0 < day.adding(days: -1) }
    }
    for day in old { try closePersonalFile(day) }
    return file
  }

  /// Closes the file of a day where it is open.
  func closePersonalFile(_ day: CivilDate) throws(UsageStoreError) {
    try personalFiles.withLock { $0.removeValue(forKey: day) }?.close()
  }

  private func servingOpenings() throws(UsageStoreError) -> OpeningFile {
    guard let openings else {
      throw UsageStoreError(.wrongState, "requests are opened by the process that serves")
    }
    return openings
  }

  /// Ends every request that a crash left open: not billable, with what its last checkpoint told. Rows
  /// of requests that had ended are there already, and stay as they are.
  private func endLeftRequests() throws(UsageStoreError) {
    // What the profile does not name goes from all of them.
    for month in try months() {
      try EventFile(folder: folder, month: month, profile: profile).close()
    }
    let openings = try servingOpenings()
    let now = clock.wallMilliseconds()
    try commit(
      openings.left().map {
        .settled(UsageRow(crashed: $0, wallMilliseconds: now), opening: nil)
      })
    try openings.begin()
  }
}
