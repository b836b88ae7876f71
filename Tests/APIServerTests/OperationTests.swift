// What the one who runs a server sees of it: metrics, status, a graceful end, limits on connections.

import APIServer
import JSON
import Metering
import Testing

@Suite struct OperationTests {
  @Test func metricsCountRoutesTokensAndTimes() async throws {
    try await RunningServer.serving(configure: { $0.showsMetrics = true }) { server in
      for _ in 0..<3 { _ = try await server.chat(ChatCompletionTests.chat) }
      _ = try await server.chat(["model": "gone", "messages": []])
      _ = try await server.get("/a/path/that/nobody/serves")
      let page = try await server.get("/metrics")
      #expect(page.status == 200)
      #expect(page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      for line in [
        "apus_requests_total{route=\"/v1/chat/completions\",status=\"200\"} 3",
        "apus_requests_total{route=\"/v1/chat/completions\",status=\"400\"} 1",
        "apus_requests_total{route=\"-\",status=\"404\"} 1",
        "apus_prompt_tokens_total 12", "apus_completion_tokens_total 15",
        "apus_time_to_first_token_seconds_count 3", "apus_inter_token_seconds_count 12",
        "apus_request_seconds_bucket{le=\"+Inf\"} 5", "apus_requests_running 1",
        "apus_engine_pending{model=\"swift-1\"} 0",
        "apus_engine_memory_bytes{model=\"swift-1\"} 0",
        "apus_engine_slots{model=\"swift-1\"} 0", "apus_prefix_hits_total 0",
      ] {
        #expect(page.body.contains(line + "\n"), "\(line)")
      }
    }
  }

  @Test func metricsAreNotShownUnlessAskedFor() async throws {
    try await RunningServer.serving { server in
      let page = try await server.get("/metrics")
      #expect(page.status == 404)
    }
  }

  @Test func administrationHasAListenerOfItsOwn() async throws {
    try await RunningServer.serving(
      configure: { $0.administration = .init(port: 0) }
    ) { server async throws in
      let own = RunningServer(
        port: await server.administrationPort(), log: server.log, service: server.service)
      #expect(try await own.get("/metrics").status == 200)
      #expect(try await own.get("/status.json").status == 200)
      #expect(try await own.get("/v1/models").status == 404)
      #expect(try await server.get("/metrics").status == 404)
    }
  }

  @Test func theStatusSaysWhereTheServerStandsAndWhatIsKeptForHowLong() async throws {
    try await withMeter(configure: { $0.profile = .ut }) { meter, store in
      var periods = RetentionPeriods()
      periods.eventMonths = 14
      periods.addressDays = 3
      try store.setRetention(periods)
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter, configure: { $0.region = "Tartu, Estonia" }) {
        server in
        let status = try await server.get("/status.json").json
        #expect(status["region"] == "Tartu, Estonia")
        #expect(
          status["kept"] == [
            "metadata_profile": "ut", "request_months": 14, "audit_months": 24, "client_days": 30,
            "address_days": 3,
          ])
        #expect(try await server.get("/status").body.contains("Tartu, Estonia"))
      }
    }
    try await RunningServer.serving { server in
      let status = try await server.get("/status.json").json
      #expect(status["region"] == .null)
    }
  }

  @Test(arguments: ["/status.json", "/v1/status"])
  func theStatusIsForEverybody(path: String) async throws {
    try await RunningServer.serving { server in
      let body = try await server.get(path).json
      #expect(body["status"] == "ok")
      // Beside this one.
      #expect(body["requests_running"] == 0)
      let page = try await server.get("/status").body
      #expect(page.contains("is well") && page.contains("requests running  0"))
    }
  }

  @Test func whileRunningAnswersEndNewRequestsAreToldToComeBack() async throws {
    let engine = FakeEngine(["a", "b"], .hangAfterFirst)
    try await RunningServer.serving(engine) { server in
      try await RawConnection.open(port: server.port) { exchange in
        let body = ChatCompletionTests.chat(["stream": true]).serialized()
        try await exchange.send(server.request("/v1/chat/completions", body))
        _ = try await exchange.read(until: "\"content\":\"a\"")
        await server.service.triggerGracefulShutdown()
        var health = try await server.get("/health")
        while health.status == 200 { health = try await server.get("/health") }
        #expect(health.status == 503)
        let refused = try await server.chat(ChatCompletionTests.chat)
        #expect(refused.status == 503)
        #expect(try refused.errorCode == "server_is_stopping")
        #expect(refused.headers["retry-after"] == "5")
        #expect(refused.headers["connection"] == "close")
      }
      // The client went, so nothing runs any more and the server ends.
    }
  }

  @Test func whatDoesNotEndWithinTheLimitIsCutOff() async throws {
    let engine = FakeEngine(["a", "b"], .hangAfterFirst)
    try await RunningServer.serving(
      engine, configure: { $0.drainDuration = .milliseconds(50) }
    ) { server in
      try await RawConnection.open(port: server.port) { exchange in
        let body = ChatCompletionTests.chat(["stream": true]).serialized()
        try await exchange.send(server.request("/v1/chat/completions", body))
        _ = try await exchange.read(until: "\"content\":\"a\"")
        await server.service.triggerGracefulShutdown()
        try await exchange.waitForClose()
      }
    }
  }

  @Test func anAddressHasSoManyConnectionsAndNoMore() async throws {
    try await RunningServer.serving(
      configure: { $0.limits.connectionsPerAddress = 2 }
    ) { server in
      try await RawConnection.open(port: server.port) { first in
        try await first.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try await first.answer().status == 200)
        try await RawConnection.open(port: server.port) { second in
          try await second.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
          #expect(try await second.answer().status == 200)
          let third = try await server.get("/health")
          #expect(third.status == 429)
          #expect(try third.errorCode == "too_many_connections")
          #expect(third.headers["connection"] == "close")
        }
      }
      var again = try await server.get("/health")
      while again.status == 429 { again = try await server.get("/health") }
      #expect(again.status == 200)
    }
  }

  @Test func theDocumentNamesEveryRoute() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.get("/openapi.json")
      #expect(answer.status == 200)
      let document = try answer.json
      #expect(document["openapi"] == "3.1.0")
      // No reader takes it for a list of all fields.
      let description = document["info"]?["description"]?.stringValue
      #expect(description?.contains("the fields that are asked for most") == true)
      let paths = try #require(document["paths"]?.objectValue)
      for (path, operations) in paths {
        for method in (operations.objectValue ?? [:]).keys where method != "parameters" {
          let name = path.replacing("{id}", with: "swift-1")
          let answer =
            method == "get"
            ? try await server.get(name) : try await server.post(name, "{}")
          #expect(answer.status != 404 && answer.status != 405, "\(method) \(path)")
        }
      }
      let body = answer.body
      for reference in body.components(by: "#/components/schemas/").dropFirst() {
        let name = String(reference.prefix { $0 != "\"" })
        #expect(document["components"]?["schemas"]?[name] != nil, "\(name)")
      }
    }
  }

  @Test func nobodyRanksHere() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post(
        "/v1/rerank", "{\"model\":\"swift-1\",\"query\":\"q\",\"documents\":[\"d\"]}")
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "model_cannot_rerank")
    }
  }
}
