// What the disk holds, when it holds it, and what happens where it refuses.

import FoundationEssentials
import GRDB
import Metering
import Testing

@Suite struct LedgerTests {
  /// Reports may still run when their server has ended.
  @Test func whatIsAskedOfAClosedLedgerIsAnError() async throws {
    let bench = try MeterBench()
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    try await bench.meter.admit(who, bench.request()).settle(completed())
    let store = bench.meter.store
    try await bench.meter.close()
    for _ in 0..<2 {
      #expect(faultCode { _ = try store.keys() } == .inputOutput)
      #expect(faultCode { _ = try store.createAccount(name("lab")) } == .inputOutput)
    }
  }

  @Test func aRowIsReadableByAnotherConnectionWhenSettleReturns() async throws {
    let bench = try MeterBench()
    for count in 1...20 {
      try await bench.meter.admit(.local, bench.request()).settle(completed())
      #expect(try bench.rows().count == count)
    }
  }

  @Test func everyRowOfManyRequestsAtOnceIsThereOnce() async throws {
    let bench = try MeterBench()
    let count = 400
    let ids = try await withThrowingTaskGroup(of: RequestID.self) { group in
      for index in 0..<count {
        group.addTask {
          let lease = try bench.meter.admit(.local, bench.request(prompt: Int64(index)))
          let id = lease.requestID
          try await lease.opened()
          try await lease.settle(completed(prompt: Int64(index), completion: Int64(2 * index)))
          return id
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    let rows = try bench.rows()
    #expect(rows.count == count)
    #expect(Set(rows.map(\.requestID)) == ids)
    #expect(rows.map(\.usage.completionTokens).reduce(0, +) == Int64(count * (count - 1)))
  }

  @Test func aCrashEndsOpenRequestsAsAbortedWithTheirLastCheckpoint() async throws {
    let bench = try MeterBench()
    try await bench.meter.admit(.local, bench.request()).settle(completed())
    let open = try bench.meter.admit(.local, bench.request(prompt: 77))
    let id = open.requestID
    try await open.opened()
    _ = open.advance(completionTokens: 300)
    // A third request, settled, so that the checkpoint before it is on the disk as well.
    try await bench.meter.admit(.local, bench.request()).settle(completed())

    let crashed = try bench.crashed()
    for _ in 0..<2 {
      let meter = try Meter(MeterConfiguration(folder: crashed.path))
      let rows = try meter.store.usageRows(
        month: UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds()))
      #expect(rows.count == 3)
      let aborted = try #require(rows.first { $0.requestID == id })
      #expect(aborted.status == .abortedByCrash)
      #expect(!aborted.isBillable)
      #expect(aborted.usage == TokenUsage(promptTokens: 77, completionTokens: 300))
      #expect(rows.filter { $0.status == .completed }.count == 2)
      try await meter.close()
      try #expect(integrity(crashed) == "ok")
    }
    try await open.settle(completed())
  }

  /// A process that is killed after the row of an end is durable, and before its opening is wiped.
  @Test func aRequestThatIsOpenAndHasEndedCountsAsEnded() async throws {
    let bench = try MeterBench()
    let open = try bench.meter.admit(.local, bench.request(prompt: 77))
    try open.open()
    let before = try bench.crashed()
    try await open.settle(completed())
    let after = try bench.crashed()
    try FileManager.default.removeItem(atPath: after.path + "/openings")
    try FileManager.default.copyItem(
      atPath: before.path + "/openings", toPath: after.path + "/openings")
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    for (folder, status) in [(before, RequestStatus.abortedByCrash), (after, .completed)] {
      for _ in 0..<2 {
        let store = try UsageStore(folder: folder.path, mode: .serving, clock: bench.clock.clock)
        #expect(try store.usageRows(month: month).map(\.status) == [status])
        let (events, rollups) = try store.sums(month: month)
        #expect(events == rollups && events.requests == 1)
        try store.close()
      }
    }
  }

  /// Files of before there was a file of openings.
  @Test func requestsThatACrashLeftInAFileOfEventsAreEndedThere() async throws {
    let bench = try MeterBench()
    try await bench.meter.admit(.local, bench.request()).settle(completed())
    try await bench.meter.close()
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    let database = try DatabaseQueue(path: "\(bench.folder.path)/events-\(month).db")
    try await database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE open_request (
            request_id BLOB PRIMARY KEY, started_ms INTEGER, account_id INTEGER, key_id INTEGER,
            model_id INTEGER, kind INTEGER, price_id INTEGER, in_tok INTEGER,
            reserved_tok INTEGER, out_ckpt INTEGER
          ) STRICT, WITHOUT ROWID;
          INSERT INTO open_request VALUES (randomblob(16), \(HandClock.usualStart), 0, 0, 1, 1, 0,
            77, 256, 300);
          INSERT INTO open_request SELECT request_id, 1, 0, 0, 1, 1, 0, 9, 256, 9 FROM event;
          PRAGMA user_version = 2
          """)
    }
    try database.close()
    let store = try UsageStore(
      folder: bench.folder.path, mode: .serving, clock: bench.clock.clock)
    let rows = try store.usageRows(month: month)
    #expect(rows.map(\.usage.promptTokens) == [77, 10])
    for account in Set(rows.map(\.account)).union([AccountID(rawValue: 99)]) {
      #expect(
        try store.usageRows(month: month, account: account)
          == rows.filter { $0.account == account })
      #expect(try store.usageRows(month: month, account: account, limit: 1).count <= 1)
    }
    #expect(rows.map(\.isBillable) == [false, true])
    #expect(rows.first?.usage.completionTokens == 300)
    let (events, rollups) = try store.sums(month: month)
    #expect(events == rollups && events.requests == 2)
    try store.close()
    try #expect(integrity(bench.folder) == "ok")
  }

  @Test func whereTheDiskRefusesNothingIsServedAndNobodyIsCharged() async throws {
    let ledger = MemoryLedger()
    let bench = try MeterBench(ledger: ledger)
    let running = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    try await running.opened()
    ledger.refuse(true)
    let other = LeaseHolder(try bench.meter.admit(.local, bench.request()))
    await #expect(throws: MeterError.serverIsOverloaded()) { try await other.opened() }
    await #expect(throws: MeterError.serverIsOverloaded()) {
      try await running.take()?.settle(completed())
    }
    for _ in 0..<3 {
      #expect(
        refusal { () throws(MeterError) in
          _ = try bench.meter.admit(.local, bench.request())
        }?.httpStatus == 503)
    }
    ledger.refuse(false)
    // The disk is tried again a second later, by the next request, which is still refused.
    bench.clock.advance(.seconds(1))
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(.local, bench.request())
      }?.httpStatus == 503)
    var isServed = false
    for _ in 0..<1_000_000 where !isServed {
      let lease: MeterLease
      do throws(MeterError) { lease = try bench.meter.admit(.local, bench.request()) } catch {
        await Task.yield()
        continue
      }
      try await lease.settle(completed())
      isServed = true
    }
    #expect(isServed)
    try await other.take()?.settle(completed())
    let rows = ledger.contents.settled.values
    #expect(rows.count == 3)
    #expect(rows.filter { $0.status == .failed && !$0.isBillable }.count == 1)
    #expect(rows.filter { $0.status == .completed && $0.isBillable }.count == 2)
  }

  @Test func aFileOfANewerVersionIsRefusedAndLeftAlone() throws {
    let folder = TemporaryFolder()
    try UsageStore(folder: folder.path, mode: .administering).close()
    let database = try DatabaseQueue(path: folder.path + "/meter.db")
    try database.write { try $0.execute(sql: "PRAGMA user_version = 999") }
    try database.close()
    let error = #expect(throws: UsageStoreError.self) {
      _ = try UsageStore(folder: folder.path, mode: .administering)
    }
    #expect(error?.code == .newerSchema)
  }

  @Test func commitsSurviveAPowerCut() throws {
    let bench = try MeterBench()
    let rows = try bench.meter.store.ledgerSettings()
    #expect(rows.journalMode == "wal")
    #expect(rows.synchronous == 2)
  }

  @Test(arguments: MetadataProfile.allCases)
  func noColumnCanHoldWhatWasSaid(profile: MetadataProfile) async throws {
    let bench = try MeterBench { $0.profile = profile }
    _ = try bench.key(limits: LimitRule(parallel: 3))
    var request = bench.request()
    request.client = ClientTraits(address: NetworkAddress("192.0.2.1"), userAgent: "curl/8")
    try await bench.meter.admit(.local, request).settle(completed())
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    #expect(try bench.meter.store.receiptRoot(of: month).count == 1)
    let tables = try FileManager.default.contentsOfDirectory(atPath: bench.folder.path)
      .filter { $0.hasSuffix(".db") }
      .flatMap { try Self.tables(of: "\(bench.folder.path)/\($0)") }
    let hasDays = [.entrim, .ut].contains(profile)
    #expect(tables.count == (hasDays ? 43 : 42))
    for table in tables {
      #expect(table.isStrict, "\(table.name) takes any value in any column")
      for (column, type) in table.columns where type != "INTEGER" {
        let bounds = [
          "= 2", "= 8", "= 16", "= 32", "BETWEEN 1 AND 45", "BETWEEN 0 AND 64", "BETWEEN 1 AND 64",
          "BETWEEN 0 AND 256", "BETWEEN 1 AND 256", "BETWEEN 1 AND 4096", "BETWEEN 1 AND 1048576",
        ].map {
          "CHECK (length(\(column)) \($0))"
        }
        #expect(
          bounds.contains { table.sql.contains($0) }, "\(table.name).\(column) has no bound")
        #expect(["TEXT", "BLOB"].contains(type))
      }
    }
  }

  private struct Table {
    let name: String
    let sql: String
    let isStrict: Bool
    let columns: [(name: String, type: String)]
  }

  private static func tables(of path: String) throws -> [Table] {
    var configuration = Configuration()
    configuration.readonly = true
    return try DatabaseQueue(path: path, configuration: configuration).read { db in
      try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'table'").map {
        let name: String = $0["name"]
        return Table(
          name: name, sql: $0["sql"],
          isStrict: try Bool.fetchOne(
            db, sql: "SELECT strict FROM pragma_table_list WHERE name = ?", arguments: [name])
            ?? false,
          columns: try Row.fetchAll(
            db, sql: "SELECT name, type FROM pragma_table_info(?)", arguments: [name]
          ).map { ($0["name"], $0["type"]) })
      }
    }
  }
}

/// `ok` where SQLite finds nothing wrong with any file of a folder.
func integrity(_ folder: TemporaryFolder) throws -> String? {
  var result: String? = "ok"
  for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
  where file.hasSuffix(".db") {
    let database = try DatabaseQueue(path: "\(folder.path)/\(file)")
    let one = try database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
    if one != "ok" { result = one }
  }
  return result
}
