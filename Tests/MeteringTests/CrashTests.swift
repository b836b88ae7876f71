// A server that is killed at random moments, a disk that is full, a clock that jumps: the ledger
// says what the clients saw.
//
// The process that is killed is `MeteringCrashChild`. It notes every request whose end its client saw
// in a journal.

import Foundation
import GRDB
import Metering
import TestSupport
import Testing

private let isSlow = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"

@Suite(.serialized) struct CrashTests {
  @Test func killedAtRandomMomentsTheLedgerEqualsWhatClientsSaw() async throws {
    try await inFolder { folder in
      var generator = SeededGenerator(seed: 9)
      for _ in 0..<(isSlow ? 1000 : 12) {
        let child = try Self.child("serve", folder: folder)
        let lines = Int.random(in: 0...300, using: &generator)
        let start = Self.size(of: folder + "/journal")
        // A request's two lines are 128 bytes.
        let status = await onThread {
          while child.isRunning, Self.size(of: folder + "/journal") < start + lines * 128 {
            usleep(500)
          }
          kill(child.id, SIGKILL)
          return child.wait()
        }
        #expect(status == 128 + SIGKILL)
      }
      try await Self.compare(folder)
    }
  }

  @Test(.timeLimit(.minutes(5))) func anOpeningIsOnTheDiskBeforeATokenLeavesAndInNoTransaction()
    async throws
  {
    try await inFolder { folder in
      let child = try Self.child("open", folder: folder)
      #expect(await child.ended() == 0, "\(Self.said(folder))")
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: ["full-disk", "bad-disk"])
  func aDiskThatRefusesChargesNobodyAndIsLeftBehind(work: String) async throws {
    try await inFolder { folder in
      let child = try Self.child(work, folder: folder)
      #expect(await child.ended() == 0, "\(Self.said(folder))")
    }
  }

  @Test(arguments: [-86_400_000, -1, 1, 86_400_000, 40 * 86_400_000] as [Int64])
  func aClockThatJumpsLosesAndDoublesNothing(jump: Int64) async throws {
    let bench = try MeterBench {
      $0.keyLimits = LimitRule(requests: RateLimit(perMinute: 60, burst: 1))
    }
    let key = try bench.key()
    let who = try bench.meter.authenticate(key.text)
    let first = LeaseHolder(try bench.meter.admit(who, bench.request()))
    bench.clock.jump(wallMilliseconds: jump)
    // Limits run on the other clock: no jump gives a request away.
    #expect(
      refusal { () throws(MeterError) in
        _ = try bench.meter.admit(who, bench.request())
      }?.code == .rateLimitExceeded)
    try await first.take()?.settle(completed())
    bench.clock.advance(.seconds(1))
    try await bench.meter.admit(who, bench.request()).settle(completed())
    var sums = LedgerSums()
    for month in try bench.meter.store.months() {
      let (events, rollups) = try bench.meter.store.sums(month: month)
      #expect(events == rollups)
      sums = sums.adding(events)
    }
    #expect(sums.requests == 2)
  }

  // MARK: - The parent's side

  private static func child(_ work: String, folder: String) throws -> ChildProcess {
    try ChildProcess(
      BuiltProducts.path(of: "MeteringCrashChild"), [work, folder],
      environment: ProcessInfo.processInfo.environment, input: "/dev/null",
      output: folder + "/output", errors: folder + "/errors")
  }

  /// What the child said of its failure.
  private static func said(_ folder: String) -> String {
    (try? String(contentsOfFile: folder + "/errors", encoding: .utf8)) ?? ""
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private func inFolder(_ body: (String) async throws -> Void) async throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path, withIntermediateDirectories: true)
    try await body(folder.path)
    _ = folder
  }

  /// The rows against the journal: every request whose end a client saw is there once, billed, with
  /// its numbers; every other whose beginning one saw is either complete or aborted and free.
  private static func compare(_ folder: String) async throws {
    let meter = try Meter(MeterConfiguration(folder: folder + "/data"))
    var rows: [RequestID: UsageRow] = [:]
    for month in try meter.store.months() {
      for row in try meter.store.usageRows(month: month, limit: .max) {
        #expect(rows.updateValue(row, forKey: row.requestID) == nil)
      }
      let (events, rollups) = try meter.store.sums(month: month)
      #expect(events == rollups)
      let database = try DatabaseQueue(path: "\(folder)/data/events-\(month).db")
      let integrity = try await database.read {
        try String.fetchOne($0, sql: "PRAGMA integrity_check")
      }
      #expect(integrity == "ok")
      try database.close()
    }
    let byID = Dictionary(
      uniqueKeysWithValues: rows.map { ($0.key.description, $0.value) })
    let journal = try String(contentsOfFile: folder + "/journal", encoding: .utf8)
    let lines = journal.split(separator: "\n")
    #expect(!lines.isEmpty)
    for line in lines {
      let fields = line.split(separator: " ")
      guard line.utf8.count == 63, let id = fields.first, id.utf8.count == 36 else {
        Issue.record("a line of the journal is torn: '\(line)'")
        continue
      }
      let row = byID[String(id)]
      guard fields.count > 1 else {
        if row == nil {
          Issue.record("the ledger does not know a request that was opened: '\(line)'")
        }
        continue
      }
      let prompt = Int64(fields[1])
      if row?.status != .completed || row?.isBillable != true || row?.usage.promptTokens != prompt
        || row?.usage.completionTokens != prompt.map({ $0 % 97 })
      {
        Issue.record("the ledger does not hold what a client saw: '\(line)'")
      }
    }
    for row in rows.values where row.status != .completed {
      #expect(row.status == .abortedByCrash && !row.isBillable && row.cost == .zero)
    }
    try await meter.close()
  }
}
