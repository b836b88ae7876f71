// Who looks into the ledger, and whom that keeps waiting.

import APIServer
import Dispatch
import JSON
import Metering
import Testing

@Suite struct LedgerDeskTests {
  @Test(.timeLimit(.minutes(5)))
  func whoeverComesWhereTooManyWaitIsToldSoAtOnce() async throws {
    let desk = LedgerDesk("test", limit: 2)
    let gate = DispatchSemaphore(value: 0)
    try await withThrowingTaskGroup(of: Int.self) { tasks in
      for number in 0..<2 {
        tasks.addTask {
          try await desk.work {
            gate.wait()
            return number
          }
        }
      }
      while desk.pendingCount < 2 { await Task.yield() }
      await #expect(throws: (any Error).self) { try await desk.work { 2 } }
      for _ in 0..<2 { gate.signal() }
      var sum = 0
      for try await number in tasks { sum += number }
      #expect(sum == 1)
    }
    #expect(desk.pendingCount == 0)
    #expect(try await desk.work { 3 } == 3)
  }

  @Test(.timeLimit(.minutes(5)))
  func whatKeyHoldersAskForKeepsNobodyElseWaiting() async throws {
    let administration = Administration(verbs: []) { _, _, _ in .init(result: "done") }
    try await withMeter { meter, store in
      let admin = try store.createAdminKey(label: #require(ShortName("test")))
      try await RunningServer.serving(
        [ServedModel(name: "swift-1", textEngine: FakeEngine())], meter: meter,
        administration: administration, configure: { $0.administration = .init(port: 0) }
      ) { server in
        let own = RunningServer(
          port: await server.administrationPort(), log: server.log, service: server.service)
        let (beginning, begun) = AsyncStream<Void>.makeStream()
        let gate = DispatchSemaphore(value: 0)
        let report = Task {
          try await LedgerDesk.customers.work {
            begun.finish()
            gate.wait()
          }
        }
        defer { gate.signal() }
        for await _ in beginning {}
        #expect(try await server.get("/pricing.json").status == 200)
        let answer = try await own.post(
          "/admin/incident/take", "{}", headers: ["Authorization: Bearer \(admin.text)"])
        #expect(answer.status == 200, "\(answer.body)")
        #expect(try answer.json["result"] == "done")
        #expect(LedgerDesk.customers.pendingCount > 0)
        _ = report
      }
    }
  }
}
