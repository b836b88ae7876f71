// The ledger added up twice: what a server finds out about it by itself.

import GRDB
import Metering
import Testing

@Suite struct ReconciliationTests {
  @Test func aServerAddsUpOnceADayAndNamesTheMonthThatIsBroken() async throws {
    let bench = try MeterBench()
    for _ in 0..<3 {
      try await bench.meter.admit(.local, bench.request()).settle(completed())
    }
    #expect(bench.meter.reconciliation == nil)
    bench.meter.reconcileOnceADay()
    let first = try #require(bench.meter.reconciliation)
    #expect(first.brokenMonths.isEmpty)
    #expect(first.atMilliseconds == bench.clock.clock.wallMilliseconds())
    let month = UTCMonth(wallMilliseconds: first.atMilliseconds)
    let database = try DatabaseQueue(path: "\(bench.folder.path)/events-\(month).db")
    try await database.write { try $0.execute(sql: "UPDATE rollup_hour SET out_tok = out_tok - 1") }
    try database.close()
    bench.clock.advance(.seconds(60))
    bench.meter.reconcileOnceADay()
    #expect(bench.meter.reconciliation == first)
    bench.clock.advance(.seconds(86_400))
    bench.meter.reconcileOnceADay()
    #expect(bench.meter.reconciliation?.brokenMonths == [month])
  }

  /// Both sums are of one moment, also while requests end.
  @Test func aServerThatWritesIsNotTakenForABrokenOne() async throws {
    let bench = try MeterBench()
    try await bench.meter.admit(.local, bench.request()).settle(completed())
    let month = UTCMonth(wallMilliseconds: bench.clock.clock.wallMilliseconds())
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for _ in 0..<4 {
        tasks.addTask {
          for _ in 0..<100 {
            try await bench.meter.admit(.local, bench.request()).settle(completed())
          }
        }
      }
      for _ in 0..<100 {
        let (events, rollups) = try bench.meter.store.sums(month: month)
        #expect(events == rollups)
        await Task.yield()
      }
      try await tasks.waitForAll()
    }
    #expect(try bench.meter.store.sums(month: month).events.requests == 401)
  }
}
