// The page where people see to their account, held against the API and the command line.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct PortalTests {
  /// The actions of the page, as its script reads them.
  private func actions(_ server: AdministeredServer) async throws -> [JSONValue] {
    let page = try await server.publicly("/portal", key: "")
    #expect(page.status == 200)
    let start = try #require(page.body.range(of: "data-actions=\""))
    let text = page.body[start.upperBound...].prefix { $0 != "\"" }
      .replacing("&quot;", with: "\"").replacing("&lt;", with: "<").replacing("&amp;", with: "&")
    return try #require(try JSONValue.parse(text).arrayValue)
  }

  @Test(.timeLimit(.minutes(3)))
  func `promise 35: every action of the portal is a request that programs can make`() async throws {
    try await TemporaryFolder.with { folder async throws in
      let server = try await AdministeredServer(folder: folder)
      defer { server.stop() }
      let actions = try await actions(server)
      let paths = try #require(
        try await server.publicly("/openapi.json", key: "").json["paths"]?.objectValue)
      let verbs = Set(
        try await server.get("/admin").json["data"]?.arrayValue?.compactMap {
          $0["verb"]?.stringValue
        } ?? [])
      for action in actions {
        let path = try #require(action["path"]?.stringValue)
        let method = try #require(action["method"]?.stringValue).lowercased()
        #expect(paths[path]?[method] != nil, "\(method) \(path)")
        if let verb = action["verb"]?.stringValue { #expect(verbs.contains(verb), "\(verb)") }
      }
      // Keys, usage, invoices, disputes and notices are there, and the ways out of an account.
      let verbsOfThePage = Set(actions.compactMap { $0["verb"]?.stringValue })
      #expect(
        verbsOfThePage.isSuperset(of: [
          "key/rotate", "key/report-leak", "usage", "invoice/list", "dispute/open", "notice/list",
          "account/terminate",
        ]))
      try await compare(server, actions)
    }
  }

  /// What the page asks at once, beside what the command line says of the same.
  private func compare(_ server: AdministeredServer, _ actions: [JSONValue]) async throws {
    _ = try await server.post("/admin/account/create", ["name": "lab", "active": true])
    _ = try await server.post("/admin/notice/publish", ["title": "Sunday", "body": "Work."])
    let made = try await server.post("/admin/key/create", ["account": "lab", "role": "owner"])
    let key = try #require(try made.json["result"]?["key"]?.stringValue)
    var answers: [String: JSONValue] = [:]
    for action in actions where action["asked"] == true {
      let path = try #require(action["path"]?.stringValue)
      let answer = try await server.publicly(path, key: key)
      #expect(answer.status == 200, "\(path): \(answer.body)")
      answers[path] = try answer.json
    }
    func said(_ words: String...) async throws -> JSONValue {
      try JSONValue.parse(
        try await Program.apus(
          ["meter"] + words + ["--json"], environment: ["APUS_DATA": server.folder]
        ).text)
    }
    #expect(try await said("key", "list")[0]?["name"] == answers["/v1/key"]?["data"]?["name"])
    #expect(
      try await said("notice", "list").arrayValue?.count == 0
        && answers["/v1/notices"]?["data"]?[0]?["title"] == "Sunday",
      "the account has no member that mail could go to")
    for (path, verb) in [("/v1/invoices", "invoice"), ("/v1/disputes", "dispute")] {
      #expect(answers[path]?["data"] == [])
      #expect(try await said(verb, "list") == [])
    }
    // What the page changes, the command line sees.
    let rotated = try await server.publicly("/v1/keys/rotate", ["grace_seconds": 0], key: key)
    let next = try #require(try rotated.json["key"]?.stringValue)
    #expect(try await server.publicly("/v1/key", key: key).status == 401)
    let leaked = try await server.publicly(
      "/v1/keys/report-leak", ["key": .string(next)], key: next)
    #expect(leaked.status == 200)
    #expect(
      try await said("key", "list").arrayValue?.map { $0["state"] }.last == "revoked")
  }
}
