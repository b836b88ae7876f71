// The administration over HTTP: the same verbs as the command line's, on its own listener, with its
// own keys.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized) struct AdministrationTests {
  @Test func `every verb of the command line is a route, and the other way round`() async throws {
    try await withServer { server in
      let dump = try await Program.apus("meter", "--experimental-dump-help")
      let tree = try #require(try JSONValue.parse(dump.text)["command"])
      var verbs: [String] = []
      Self.collect(tree, [], into: &verbs)
      let list = try await server.get("/admin").json
      #expect(
        list["data"]?.arrayValue?.compactMap { $0["verb"]?.stringValue }.sorted() == verbs.sorted())
      #expect(verbs.count > 50)
      for verb in ["account/create", "key/rotate", "limit/set", "price/publish", "invoice/issue"] {
        #expect(verbs.contains(verb))
      }
    }
  }

  @Test func `a verb does over HTTP what it does on the command line`() async throws {
    try await withServer { server in
      let made = try await server.post("/admin/account/create", ["name": "lab", "active": true])
      #expect(made.status == 200)
      #expect(try made.json["result"]?["state"] == "active")
      let listed = try await server.apus("meter", "account", "list", "--json")
      #expect(try JSONValue.parse(listed.text)[0]?["name"] == "lab")
      let key = try await server.post(
        "/admin/key/create", ["account": "lab", "role": "owner", "rpm": 60])
      let text = try #require(try key.json["result"]?["key"]?.stringValue)
      // The key works at once, for the public API and for nothing else.
      #expect(try await server.publicly("/v1/key", key: text).status == 200)
      #expect(try await server.get("/admin", key: text).status == 401)
      #expect(try await server.publicly("/v1/key", key: server.key).status == 401)
      #expect(try await server.publicly("/admin", key: server.key).status == 404)
      let trail = try await server.post("/admin/audit/list", ["limit": 1]).json["result"]?[0]
      #expect(trail?["did"] == "key.create")
      #expect(trail?["who"]?.stringValue?.hasPrefix("admin ") == true)
      let verified = try await server.post("/admin/audit/verify", [:])
      #expect(try verified.json["holds"] == true)
      let leak = try await server.post("/admin/key/report-leak", ["input": .string(text)])
      #expect(try leak.json["result"]?["state"] == "revoked")
      #expect(try await server.publicly("/v1/key", key: text).status == 401)
    }
  }

  @Test func `what makes no sense is refused, and no value becomes an option`() async throws {
    try await withServer { server in
      _ = try await server.post("/admin/account/create", ["name": "lab"])
      let cases: [(String, JSONValue, Int)] = [
        ("nothing", [:], 404), ("account/create", [:], 400),
        ("account/create", ["name": "lab"], 409),
        ("account/create", ["name": "--active"], 400), ("account/create", ["name": "--help"], 400),
        ("account/create", ["name": ["a"]], 400), ("account/create", ["name": "x", "no": 1], 400),
        ("account/create", ["name": "x", "active": "yes"], 400),
        ("account/activate", ["account": "--help"], 400),
        ("account/suspend", ["account": "lab", "reason": "mood"], 400),
        ("account/suspend", ["account": "lab", "reason": "terms"], 409),
        ("limit/set", ["account": "lab", "rpm": "5 --tpm 9"], 400),
        ("invoice/show", ["number": "none"], 404),
      ]
      for (verb, arguments, status) in cases {
        let answer = try await server.post("/admin/\(verb)", arguments)
        #expect(answer.status == status, "\(verb) \(arguments.serialized()) \(answer.body)")
      }
      let list = try await server.post("/admin/account/list", [:]).json["result"]
      #expect(list?.arrayValue?.count == 1 && list?[0]?["state"] == "pending")
      #expect(try await server.get("/admin", key: "apus_admin_none").status == 401)
      #expect(try await server.get("/metrics", key: "").status == 200)
    }
  }

  /// What a program may send by mistake, or worse; a slow run sends all of it.
  private static let hostile: [JSONValue] =
    [-1, .integer(.max), "a\u{0}b\u{1B}[2J"]
    + (ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"
      ? [
        0, .integer(.min), "", .string(String(repeating: "x", count: 5000)), "9999-12", "0000-01",
        "<\u{338}&\"", 1e300,
      ] : [])
  /// Verbs that end the server, or write where their argument says.
  private static let left = ["incident/restart", "backup", "notice/send"]

  @Test(.timeLimit(.minutes(5)))
  func `no argument of any verb ends the server, and none is its fault`() async throws {
    try await withServer { server in
      _ = try await server.post("/admin/account/create", ["name": "lab", "active": true])
      _ = try await server.post("/admin/model/add", ["model": "tiny"])
      let key = try await server.post("/admin/key/create", ["account": "lab"])
      let name = try #require(try key.json["result"]?["name"])
      let usual: [String: JSONValue] = [
        "account": "lab", "model": "tiny", "name": name, "key": name, "reason": "abuse",
        "month": "2026-10", "eur": "1", "input": "1", "output": "1", "title": "T", "body": "B",
        "country": "EE", "file": "/etc/hostname", "on": "40d", "cidr": "192.0.2.0/24",
        "mode": "postpaid", "number": "A-1", "line": 1, "incident": 1, "dispute": 1,
        "decision": "upheld", "request": "0", "rpm": 5,
      ]
      var count = 0
      for verb in try await server.get("/admin").json["data"]?.arrayValue ?? [] {
        let path = try #require(verb["verb"]?.stringValue)
        guard !Self.left.contains(path) else { continue }
        let arguments = verb["arguments"]?.arrayValue ?? []
        var good = JSONObject()
        for argument in arguments where argument["required"] == true {
          guard let word = argument["name"]?.stringValue else { continue }
          good[word] = usual[word] ?? "1"
        }
        for argument in arguments where argument["kind"] != "flag" {
          guard let word = argument["name"]?.stringValue else { continue }
          for value in Self.hostile {
            var body = good
            body[word] = value
            let answer = try await server.post("/admin/" + path, .object(body))
            #expect(answer.status < 500, "\(path) \(word): \(value.serialized().prefix(40))")
            count += 1
          }
        }
      }
      #expect(count > 250)
      // It is there, and its ledger is whole.
      let findings = try await server.post("/admin/doctor", [:])
      #expect(try findings.json["holds"] == true, "\(findings.body)")
    }
  }

  @Test func `a key of the administration ends when it is taken back`() async throws {
    try await withServer { server in
      let list = try await server.post("/admin/admin/list", [:]).json["result"]
      let name = try #require(list?[0]?["name"]?.stringValue)
      #expect(try await server.post("/admin/admin/revoke", ["name": .string(name)]).status == 200)
      #expect(try await server.get("/admin").status == 401)
    }
  }

  @Test func `an account that cannot be billed keeps no other's invoice from being told`()
    async throws
  {
    try await TemporaryFolder.with { folder async throws in
      let issued = try await InvoiceFolder.make(folder + "/data", unknown: "unknown")
      try await withServer(folder: folder + "/data") { server in
        let answer = try await server.post("/admin/invoice/issue", ["month": "2026-10"])
        #expect(answer.status == 409)
        let body = try answer.json
        #expect(body["holds"] == false)
        #expect(body["result"]?.arrayValue?.count == 1)
        #expect(body["result"]?[0]?["number"] == .string(issued.document.number))
        let notes = (body["notes"]?.arrayValue ?? []).compactMap(\.stringValue)
        #expect(notes.count == 1 && notes[0].hasPrefix("Not billed: unknown: "), "\(notes)")
        let alone = try await server.post(
          "/admin/invoice/issue", ["month": "2026-10", "account": "unknown"])
        #expect(alone.status == 400 && alone.body.contains("not billed: unknown: "))
      }
    }
  }

  @Test(.enabled(if: DeliverySinks.isThere, DeliverySinks.absence))
  func `a running server sends what is published by itself`() async throws {
    try await DeliverySinks.with { sinks, _ in
      try await withServer(folder: sinks.folder + "/data") { server in
        _ = try await server.post("/admin/account/create", ["name": "lab", "active": true])
        _ = try await server.post(
          "/admin/account/member", ["account": "lab", "email": "a@lab.example", "role": "owner"])
        _ = try await server.post(
          "/admin/notice/publish", ["title": "By itself", "body": "Nobody sent it."])
        let end = Date.now + 120
        while try sinks.mails.isEmpty || sinks.posts.isEmpty, Date.now < end {
          try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try sinks.mails.first?["subject"] == "By itself")
        #expect(try sinks.posts.first?["is_signed"] == true)
      }
    }
  }

  /// A mail command that leaves a child behind and never ends holds its server for seconds only.
  @Test(.timeLimit(.minutes(3)))
  func `a mail command that hangs does not hold a server that stops`()
    async throws
  {
    try await TemporaryFolder.with { folder async throws in
      let (program, mark) = (folder + "/hang", folder + "/begun")
      try "#!/bin/sh\n: >\(mark)\nsleep 900 &\nwait\n".write(
        toFile: program, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
      let server = try await AdministeredServer(folder: folder + "/data")
      _ = try await server.post("/admin/account/create", ["name": "lab", "active": true])
      _ = try await server.post(
        "/admin/account/member", ["account": "lab", "email": "a@lab.example", "role": "owner"])
      _ = try await server.post(
        "/admin/notice/channels", ["sendmail": .string(program), "sender": "apus@host.example"])
      _ = try await server.post("/admin/notice/publish", ["title": "Hangs", "body": "For ever."])
      await wait { FileManager.default.fileExists(atPath: mark) }
      await onThread { server.stop() }
      let list = try await server.apus("meter", "notice", "list", "--json")
      #expect(try JSONValue.parse(list.text)[0]?["state"] == "pending")
      #expect(try JSONValue.parse(list.text)[0]?["attempts"] == 1)
    }
  }

  private static func collect(_ command: JSONValue, _ words: [String], into verbs: inout [String]) {
    // The command `help` that every command has is none of ours.
    let children = (command["subcommands"]?.arrayValue ?? []).filter {
      $0["commandName"] != "help"
    }
    if children.isEmpty { verbs.append(words.joined(separator: "/")) }
    for child in children {
      collect(child, words + [child["commandName"]?.stringValue ?? ""], into: &verbs)
    }
  }

  private func withServer(
    folder: String? = nil, _ body: (AdministeredServer) async throws -> Void
  ) async throws {
    try await TemporaryFolder.with { temporary async throws in
      let server = try await AdministeredServer(folder: folder ?? temporary)
      defer { server.stop() }
      try await body(server)
    }
  }
}
