// The rules that every route is held to: a key for all but the documented open ones, nothing of
// other accounts, nothing that a role does not allow, and a place in the OpenAPI document.

import APIServer
import JSON
import Metering
import Testing

@Suite struct RouteRuleTests {
  @Test func allRoutesButTheOpenOnesNeedAKey() async throws {
    let open: Set<String> = [
      "/", "/health", "/status", "/favicon.ico", "/status.json", "/pricing.json", "/openapi.json",
      // Pages that are the same for all, and ask with the key that their user types.
      "/portal", "/portal.js", "/portal.css", "/chat.js", "/markdown.js", "/chat.css",
      // Off unless the operator turns it on, and limited by address.
      "/v1/account/request",
    ]
    #expect(Set(RouteDescription.all.filter { !$0.requiresKey }.map(\.path)) == open)
    // So many wrong keys from one address would be answered 429.
    try await withMeter(configure: { $0.failedAuthentications = nil }) { meter, store in
      _ = try store.createKey(label: #require(ShortName("test")))
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server in
        for route in RouteDescription.all where route.requiresKey {
          for path in [route.path] + route.aliases {
            let path = path.replacing("{id}", with: "swift-1")
            let answer =
              route.method == "GET"
              ? try await server.get(path) : try await server.post(path, "{}")
            #expect(answer.status == 401, "\(route.method) \(path)")
          }
        }
      }
    }
  }

  @Test func theDocumentHasTheRoutesOfTheTableAndNoOthers() async throws {
    try await RunningServer.serving { server in
      let paths = try #require(try await server.get("/openapi.json").json["paths"]?.objectValue)
      var described: Set<String> = []
      for path in paths.keys {
        for method in (paths[path]?.objectValue ?? [:]).keys where method != "parameters" {
          described.insert("\(method.uppercased()) \(path)")
        }
      }
      #expect(described == Set(RouteDescription.all.map { "\($0.method) \($0.path)" }))
    }
  }

  /// Objects of the other account are as if they were not there.
  @Test func nothingOfAnotherAccountIsShownOrChanged() async throws {
    try await SelfServiceBench.run { bench in
      let stranger = bench.bearer(bench.stranger)
      let number = try #require(
        try await bench.get("/v1/invoices").json["data"]?[0]?["id"]?.stringValue)
      let member = try #require(bench.keys[.member]).record
      let rows = try bench.store.usageRows(month: #require(UTCMonth("2026-10")))
      let request = try #require(rows.first { $0.key == member.id }).requestID.description
      for path in [
        "/v1/invoices/\(number)", "/v1/invoices/\(number)?format=ubl", "/v1/receipts/\(request)",
      ] {
        let answer = try await bench.server.get(path, headers: stranger)
        #expect(answer.status == 404, "\(path)")
        let missing = try await bench.server.get(
          path.replacing(number, with: "none").replacing(request, with: "none"), headers: stranger)
        #expect(try answer.errorCode == missing.errorCode)
      }
      for (path, body) in [
        ("/v1/disputes", "{\"invoice\":\"\(number)\",\"line\":1}"),
        ("/v1/keys/rotate", "{\"name\":\"\(member.name)\"}"),
      ] {
        #expect(try await bench.server.post(path, body, headers: stranger).status == 404, "\(path)")
      }
      let start = SelfServiceBench.october / 1000 - 86_400
      let report = try await bench.server.get(
        "/v1/organization/usage/completions?start_time=\(start)&api_key_ids=\(member.name)",
        headers: stranger)
      #expect(report.status == 200)
      #expect(!report.body.contains("num_model_requests"))
      let own = try await bench.server.get("/v1/invoices", headers: stranger).json
      #expect(own["data"]?.arrayValue?.count == 1)
      #expect(own["data"]?[0]?["id"] != .string(number))
      #expect(try bench.store.disputes().isEmpty)
      #expect(try await bench.get("/v1/key", as: .member).status == 200)
    }
  }

  /// The right that each route takes; routes that a role does not allow answer 403.
  @Test func `a role that does not allow a route is refused by it`() async throws {
    let start = SelfServiceBench.october / 1000
    let reads: [(String, Right)] = [
      ("/v1/key", .readOwnUsage), ("/v1/usage", .readOwnUsage), ("/v1/notices", .readOwnUsage),
      ("/v1/terms", .readOwnUsage), ("/v1/receipts/key", .readOwnUsage),
      ("/v1/organization/usage/completions?start_time=\(start)", .readUsage),
      ("/v1/organization/usage/embeddings?start_time=\(start)", .readUsage),
      ("/v1/organization/usage/audio_transcriptions?start_time=\(start)", .readUsage),
      ("/v1/organization/costs?start_time=\(start)", .readUsage),
      ("/v1/invoices", .readInvoices), ("/v1/disputes", .readInvoices),
    ]
    let writes: [(String, JSONValue, Right)] = [
      ("/v1/disputes", ["invoice": "none", "line": 1], .readInvoices),
      ("/v1/terms/accept", ["version": 99], .manageAccount),
    ]
    try await SelfServiceBench.run { bench in
      for role in KeyRole.allCases {
        for (path, right) in reads {
          let status = try await bench.get(path, as: role).status
          #expect(status == (role.may(right) ? 200 : 403), "\(role) \(path)")
        }
        for (path, body, right) in writes {
          let status = try await bench.post(path, body, as: role).status
          #expect(status == (role.may(right) ? 404 : 403), "\(role) \(path)")
        }
      }
    }
  }
}
