// What each role may do over HTTP: every route that a key opens, asked with a key of every role and with
// one of another account.

import APIServer
import JSON
import Metering
import Testing

@Suite struct RoleServerTests {
  /// Who may ask, for each route that not everybody may.
  private static let readers: [(path: String, roles: Set<KeyRole>)] = [
    ("/v1/invoices", [.owner, .mainUser, .billing]),
    ("/v1/invoices/1", [.owner, .mainUser, .billing]),
    ("/v1/disputes", [.owner, .mainUser, .billing]),
    ("/v1/organization/costs?start_time=1790812800", [.owner, .mainUser, .billing]),
    (
      "/v1/organization/usage/completions?start_time=1790812800", [.owner, .mainUser, .billing]
    ),
  ]

  @Test func `promise 6: a member reads no invoice, and nobody does what their role may not`()
    async throws
  {
    try await SelfServiceBench.run { bench in
      let invoice = try #require(
        try await bench.get("/v1/invoices").json["data"]?[0]?["id"]?.stringValue)
      for (path, roles) in Self.readers {
        let path = path.replacing("/1", with: "/" + invoice)
        for role in KeyRole.allCases {
          let answer = try await bench.get(path, as: role)
          #expect(answer.status == (roles.contains(role) ? 200 : 403), "\(role) \(path)")
          guard !roles.contains(role) else { continue }
          #expect(try answer.errorCode == "role_not_allowed")
          #expect(!answer.body.contains(invoice))
        }
      }
      // Of another account not even that it is there.
      let stranger = bench.bearer(bench.stranger)
      for path in ["/v1/invoices/\(invoice)", "/v1/invoices/\(invoice)?format=html"] {
        #expect(try await bench.server.get(path, headers: stranger).status == 404)
      }
      let theirs = try await bench.server.get("/v1/invoices", headers: stranger)
      #expect(theirs.status == 200 && !theirs.body.contains("\"\(invoice)\""))

      // What only some may change; nothing of it is done by the others.
      let writers: [(path: String, body: JSONValue, roles: Set<KeyRole>)] = [
        ("/v1/terms/accept", ["version": 99], [.owner]),
        ("/v1/disputes", ["invoice": "none", "line": 1], [.owner, .mainUser, .billing]),
        ("/v1/chat/completions", ChatCompletionTests.chat, [.owner, .mainUser, .member, .service]),
        (
          "/v1/embeddings", ["model": "swift-1", "input": "a"],
          [.owner, .mainUser, .member, .service]
        ),
        ("/v1/tokenize", ["content": "a"], [.owner, .mainUser, .member, .service]),
        ("/v1/detokenize", ["tokens": [1]], [.owner, .mainUser, .member, .service]),
        (
          "/v1/apply-template", ["messages": [["role": "user", "content": "a"]]],
          [.owner, .mainUser, .member, .service]
        ),
      ]
      for (path, body, roles) in writers {
        for role in KeyRole.allCases {
          let answer = try await bench.post(path, body, as: role)
          #expect((answer.status != 403) == roles.contains(role), "\(role) \(path)")
        }
      }
      for role in KeyRole.allCases where role != .owner {
        let answer = try await bench.post("/v1/account/terminate", ["confirm": true], as: role)
        #expect(answer.status == 403, "\(role)")
      }
      #expect(try bench.store.accounts().allSatisfy { $0.state == .active })
      #expect(try bench.store.disputes().isEmpty)
      let billing = try #require(bench.keys[.billing]).record.id
      let month = UTCMonth(wallMilliseconds: SelfServiceBench.november)
      let rows = try bench.store.usageRows(month: month)
      #expect(!rows.isEmpty && rows.allSatisfy { $0.key != billing })
    }
  }
}
