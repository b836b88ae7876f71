// Notices to everybody are on the status page; what single accounts are told is not.

import APIServer
import JSON
import Metering
import Testing

@Suite(.timeLimit(.minutes(5))) struct StatusNoticeTests {
  @Test func `promise 27: what everybody is told stands on the status page, for 90 days`()
    async throws
  {
    try await SelfServiceBench.run { bench in
      let lab = try #require(bench.keys[.owner]).record.account
      _ = try bench.store.publishNotice(
        title: "Maintenance <b>", body: "On Sunday,\nAll services are online.")
      _ = try bench.store.publishNotice(title: "Only the lab", body: "Your invoice.", to: lab)
      bench.meter.refreshKeys()
      for path in ["/status.json", "/v1/status"] {
        let notices = try await bench.server.get(path).json["notices"]
        #expect(
          notices == [
            [
              "title": "Maintenance <b>", "body": "On Sunday,\nAll services are online.",
              "at": .string("\(CivilTime(SelfServiceBench.november))"),
            ]
          ])
      }
      let page = try await bench.server.get("/status")
      // Text, so that no browser takes it for anything else.
      #expect(page.headers["content-type"] == "text/plain; charset=utf-8")
      #expect(page.body.contains("Maintenance <b>\n    On Sunday,\n    All services are online."))
      #expect(!page.body.contains("Only the lab") && !page.body.contains("Your invoice."))
      bench.clock.move(to: SelfServiceBench.november + 90 * 86_400_000)
      #expect(try await bench.server.get("/status.json").json["notices"] == [])
      #expect(try await !bench.server.get("/status").body.contains("Maintenance"))
    }
  }
}
