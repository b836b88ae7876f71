// What holds of a central ledger, and how it is shown.

#if PostgreSQL
  import Foundation
  import Metering
  import TestSupport

  struct MultiNodeCheck {
    private let connection: String
    private let folder: String
    private let ledger: PostgreSQLLedger

    init(connection: String, folder: String) {
      self.connection = connection
      self.folder = folder
      ledger = PostgreSQLLedger(connection)
    }

    func run() async throws {
      try aDatabaseThatIsAwayIsNoFaultBeforeEventsAreBrought()
      print("A node begins without its database, and brings nothing to it.")
      try whatComesTwiceCountsOnce()
      print("What comes twice counts once, under any name.")
      try monthsHaveTheirOwnPartitions()
      print("Months have their own partitions; what is late is told apart.")
      try nothingIsLostWhereANodeIsKilled()
      print("Two nodes, one killed again and again: no event lost or doubled.")
    }

    private func aDatabaseThatIsAwayIsNoFaultBeforeEventsAreBrought() throws {
      let away = try CentralLedgers.postgreSQL("host=127.0.0.1 port=1 user=apus connect_timeout=9")
      do {
        let month = UTCMonth("2026-03")!
        _ = try away.push([event(1, in: month, account: "a", cost: 1)], node: ShortName("one")!)
        check(false, "a database that is away takes events")
      } catch {}
    }

    private func whatComesTwiceCountsOnce() throws {
      let month = UTCMonth("2026-03")!
      let events = (0..<2500).map { number in
        event(number, in: month, account: "a \"\u{301}quoted\\\u{301}\", {b}", cost: 7)
      }
      let one = ShortName("one")!
      check(try ledger.push(events, node: one) == 2500, "new events are not counted")
      check(try ledger.push(events, node: one) == 0, "events that were there are counted again")
      let mixed = Array(events.prefix(10)) + [event(2500, in: month, account: "", cost: 1)]
      check(try ledger.push(mixed, node: one) == 1, "one new event among old ones is not counted")
      let sums = try ledger.sums(of: month, late: false)
      check(sums.requests == 2501, "the sums have \(sums.requests) requests")
      check(sums.cost.rawValue == 2500 * 7 + 1, "the sums have \(sums.cost.rawValue) pico-euro")
      check(try ledger.requests(of: one).count == 2501, "the rows are other ones")
    }

    private func monthsHaveTheirOwnPartitions() throws {
      let (before, after) = (UTCMonth("2026-05")!, UTCMonth("2026-06")!)
      let node = ShortName("two")!
      _ = try ledger.push(
        [event(1, in: before, account: "a", cost: 1), event(2, in: after, account: "a", cost: 2)],
        node: node)
      try ledger.close(before)
      try ledger.close(before)
      _ = try ledger.push([event(3, in: before, account: "a", cost: 4)], node: node)
      let sums = try [false, true].map { try ledger.sums(of: before, late: $0).cost.rawValue }
      check(sums == [1, 4], "in time and late came to \(sums)")
      check(try ledger.sums(of: after, late: false).cost.rawValue == 2, "months run together")
    }

    private func nothingIsLostWhereANodeIsKilled() throws {
      let steady = try child("node", "steady")
      var generator = SystemRandomNumberGenerator()
      for _ in 0..<8 {
        let start = lines(of: "killed").count
        let victim = try child("node", "killed")
        let wanted = start + Int.random(in: 200...1200, using: &generator)
        let end = Date.now + 60
        while lines(of: "killed").count < wanted, Date.now < end { usleep(2000) }
        kill(victim.id, SIGKILL)
        check(victim.wait() == 128 + SIGKILL, "the node ended by itself: \(said("killed"))")
      }
      check(steady.isRunning, "the other node ended by itself: \(said("steady"))")
      kill(steady.id, SIGKILL)
      _ = steady.wait()
      for name in ["steady", "killed"] {
        let flush = try child("flush", name)
        check(flush.wait() == 0, "the outbox was not emptied: \(said(name))")
        try compare(name)
      }
    }

    /// A node's own files, its clients' journal and the central ledger say the same.
    private func compare(_ name: String) throws {
      let store = try UsageStore(folder: "\(folder)/\(name)/data", mode: .administering)
      defer { try? store.close() }
      var own: [RequestID] = []
      var sums = LedgerSums()
      for month in try store.months() {
        let rows = try store.usageRows(month: month, limit: .max)
        own += rows.map(\.requestID)
        let (events, rollups) = try store.sums(month: month)
        check(events == rollups, "\(name): rows and sums differ")
        for row in rows where row.isBillable {
          sums.requests += 1
          sums.usage = sums.usage.adding(row.usage)
        }
      }
      let central = try ledger.requests(of: ShortName(name)!)
      check(central.count == own.count, "\(name): \(own.count) events, \(central.count) arrived")
      check(Set(central) == Set(own), "\(name): other events arrived")
      let seen = Set(lines(of: name).map(String.init))
      check(!seen.isEmpty, "\(name): nothing was served")
      check(
        seen.isSubset(of: Set(central.map(\.description))), "\(name): an end that was seen is lost")
      print("  \(name): \(own.count) events, \(seen.count) ends that clients saw")
    }

    private func event(
      _ number: Int, in month: UTCMonth, account: String, cost: Int64
    ) -> CentralEvent {
      let start = month.firstHour * 3_600_000 + Int64(number)
      let row = UsageRow(
        requestID: RequestID(high: UInt64(start) << 16 | 0x7000, low: 1 << 63 | UInt64(number)),
        startedMilliseconds: start, settledMilliseconds: start, account: AccountID(rawValue: 1),
        key: KeyID(rawValue: 1), model: ModelID(rawValue: 1), kind: .chat,
        // Not every profile keeps how a request ended.
        status: number % 2 == 0 ? .completed : nil, httpStatus: nil,
        usage: TokenUsage(promptTokens: 3, completionTokens: 2),
        firstTokenMicroseconds: nil, latencyMicroseconds: 1, price: PriceID(rawValue: 1),
        cost: PicoEuro(rawValue: cost), isBillable: true, role: nil)
      return CentralEvent(row: row, account: account, key: "abcd1234", model: "tiny")
    }

    private func child(_ work: String, _ name: String) throws -> ChildProcess {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      return try ChildProcess(
        CommandLine.arguments[0], [work, connection, folder, name],
        environment: ProcessInfo.processInfo.environment, input: "/dev/null",
        output: "\(folder)/\(name)/log", errors: "\(folder)/\(name)/log")
    }

    /// The ids in the journal of a node; spaces fill its lines.
    private func lines(of name: String) -> [Substring] {
      let text = try? String(contentsOfFile: "\(folder)/\(name)/journal", encoding: .utf8)
      return (text ?? "").split { $0 == "\n" || $0 == " " }
    }

    private func said(_ name: String) -> String {
      (try? String(contentsOfFile: "\(folder)/\(name)/log", encoding: .utf8)) ?? ""
    }
  }
#endif
