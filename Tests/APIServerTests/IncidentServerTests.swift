// What a running server does in an incident: measures that another process takes, and what the
// status page says of models that do not answer.

import APIServer
import JSON
import Metering
import Testing

@Suite struct IncidentServerTests {
  /// Serves with a meter, an administration listener and another process's view of the store.
  private func serving(
    _ engine: FakeEngine = FakeEngine(), probes: Bool = false,
    _ test:
      @escaping @Sendable (RunningServer, RunningServer, Meter, UsageStore) async throws -> Void
  ) async throws {
    try await withMeter(configure: { $0.keyCheckInterval = .milliseconds(50) }) { meter, store in
      let operatorStore = try UsageStore(folder: store.folder, mode: .administering)
      try await RunningServer.serving(
        engine, meter: meter,
        configure: {
          $0.administration = .init(port: 0)
          if probes { $0.probeInterval = .milliseconds(20) }
        }
      ) { server in
        let own = RunningServer(
          port: await server.administrationPort(), log: server.log, service: server.service)
        try await test(server, own, meter, operatorStore)
      }
      try operatorStore.close()
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `promise 29: each measure is one step that a running server follows and that is taken back`()
    async throws
  {
    try await serving { server, administration, meter, store in
      func answer() async throws -> Int { try await server.chat(ChatCompletionTests.chat).status }
      #expect(try await answer() == 200)

      let drain = try store.take(.drain)
      while try await answer() != 503 { await Task.yield() }
      let refused = try await server.chat(ChatCompletionTests.chat)
      #expect(try refused.errorCode == "server_is_overloaded")
      #expect(refused.headers["retry-after"] == "5")
      #expect(try await server.get("/status.json").json["status"] == "draining")
      #expect(try await server.get("/health").status == 503)
      #expect(try await administration.get("/metrics").body.contains("apus_draining 1"))
      try store.resolve(drain)
      while try await answer() != 200 { await Task.yield() }

      let restrict = try store.take(.restrict, ranges: [#require(AddressRange("192.0.2.0/24"))])
      while try await answer() != 401 { await Task.yield() }
      #expect(try await server.chat(ChatCompletionTests.chat).errorCode == "ip_not_authorized")
      #expect(try await server.post("/v1/account/request", "{}").status == 401)
      #expect(try await server.get("/status").status == 200)
      try store.resolve(restrict)
      while try await answer() != 200 { await Task.yield() }

      let isolate = try store.take(.isolate)
      while (try? await server.get("/health")) != nil { await Task.yield() }
      #expect(try await administration.get("/status.json").status == 200)
      try store.resolve(isolate)
      while (try? await server.get("/health")) == nil { await Task.yield() }
      #expect(try await answer() == 200)
      #expect(try await administration.get("/status").body.contains("isolate"))

      let account = try store.createAccount(#require(ShortName("lab")))
      try store.setState(.active, of: account)
      let key = try store.createKey(label: #require(ShortName("lab")), account: account)
      let bearer = ["Authorization: Bearer \(key.text)"]
      func theirs() async throws -> HTTPAnswer {
        try await server.chat(ChatCompletionTests.chat, headers: bearer)
      }
      while try await answer() != 401 { await Task.yield() }
      #expect(try await theirs().status == 200)
      let before = try store.auditTrail().count
      let suspend = try store.takeSuspension(of: account, reason: .security)
      while try await theirs().status != 403 { await Task.yield() }
      let stopped = try await theirs()
      #expect(try stopped.errorCode == "account_suspended")
      #expect(try stopped.json["error"]?["details"]?["reason"] == "security")
      try store.resolve(suspend)
      while try await theirs().status != 200 { await Task.yield() }
      let verbs = try store.auditTrail().map(\.verb)
      #expect(verbs.contains("incident.suspend") && verbs.contains("incident.resolve"))
      #expect(verbs.count > before)

      #expect(
        try store.auditTrail().map(\.verb).suffix(9)
          == ["isolate", "restrict", "drain"].flatMap {
            ["notice.publish", "incident.resolve", "incident.\($0)"]
          })
      #expect(meter.outstanding == 0)
    }
  }

  @Test(.timeLimit(.minutes(5))) func anIsolatedServerCutsWhatRuns() async throws {
    let engine = FakeEngine(["a", "b"], .hangAfterFirst)
    try await serving(engine) { server, _, meter, store in
      try await RawConnection.open(port: server.port) { exchange in
        let body = ChatCompletionTests.chat(["stream": true]).serialized()
        try await exchange.send(server.request("/v1/chat/completions", body))
        _ = try await exchange.read(until: "\"content\":\"a\"")
        let isolate = try store.take(.isolate)
        try await exchange.waitForClose()
        try store.resolve(isolate)
      }
      while meter.outstanding > 0 { await Task.yield() }
    }
  }

  @Test(.timeLimit(.minutes(5))) func aRestartEndsTheServerAndSaysSo() async throws {
    try await withMeter(configure: { $0.keyCheckInterval = .milliseconds(50) }) { meter, store in
      var configuration = Server.Configuration()
      configuration.port = 0
      configuration.probeInterval = .zero
      let server = try Server(
        models: [ServedModel(name: "swift-1", textEngine: FakeEngine())], meter: meter,
        configuration: configuration, logger: LogCapture().logger,
        onListening: { _ in _ = try? store.take(.restart) })
      // The change was made through the meter's own store, which its reader sees as another's.
      try await server.run()
      #expect(server.wantsRestart)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `promise 33: the page never says that all is online while a probe fails`() async throws {
    for behaviour in [FakeEngine.Behaviour.fail, .stop, .refuse] {
      try await serving(FakeEngine(["a", "b"], behaviour), probes: true) { server, _, _, store in
        func service() async throws -> JSONValue? {
          try await server.get("/status.json").json["services"]?[0]
        }
        // A probe asks for one token, and this engine fails after the first.
        while try await service()?["state"] == "unknown" { await Task.yield() }
        let document = try await server.get("/status.json").json
        #expect(document["services"]?[0]?["state"] == "failing")
        #expect(document["status"] == "failing" && document["all_online"] == false)
        let page = try await server.get("/status").body
        #expect(page.contains("Not all services are online."))
        #expect(!page.contains("All services are online"))
        while try store.incidents().isEmpty { await Task.yield() }
        #expect(try store.incidents().map(\.measure) == [.outage])
        while try await server.get("/status.json").json["incidents"]?[0] == nil {
          await Task.yield()
        }
        let log = try await server.get("/status.json").json["incidents"]?[0]
        #expect(log?["what"] == "outage" && log?["model"] == "swift-1" && log?["until"] == .null)
      }
    }
  }

  @Test(.timeLimit(.minutes(5))) func whereEveryProbeIsAnsweredAllIsOnline() async throws {
    try await serving(probes: true) { server, _, _, store in
      while try await server.get("/status.json").json["all_online"] != true { await Task.yield() }
      // A finding counts for ten seconds only, and beside other tests the next may come later.
      while try await !server.get("/status").body.contains("All services are online.") {
        await Task.yield()
      }
      let model = try store.modelID(#require(ShortName("swift-1")))
      #expect(try !store.probes(of: model, from: 0).isEmpty)
      let now = MeterClock.system.wallMilliseconds()
      let rows = try store.probes(of: model, from: now - 60_000)
      #expect(!rows.isEmpty && rows.allSatisfy(\.isAnswered))
      #expect(try store.incidents().isEmpty)
    }
  }

  @Test func withoutProbesNobodySaysThatAllIsOnline() async throws {
    try await RunningServer.serving { server async throws in
      let document = try await server.get("/status.json").json
      #expect(document["all_online"] == false && document["status"] == "ok")
      #expect(document["services"]?[0]?["state"] == "unknown")
      #expect(try await !server.get("/status").body.contains("All services"))
    }
  }
}
