// HTTP itself: routes, methods, hosts, sizes, times, and bytes that are no HTTP.

import APIServer
import JSON
import Testing

@Suite struct ProtocolTests {
  @Test(arguments: [
    ("GET", "/nothing", 404, "unknown_url"), ("GET", "/v1", 404, "unknown_url"),
    ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
    ("DELETE", "/v1/models", 405, "method_not_allowed"),
    ("OPTIONS", "/v1/models/x", 405, "method_not_allowed"),
    ("GET", "/v1/models/none", 404, "model_not_found"),
    ("GET", "/../etc/passwd", 404, "unknown_url"),
  ])
  func whatIsNotServedIsRefused(
    method: String, path: String, status: Int, code: String
  ) async throws {
    try await RunningServer.serving { server in
      let answer = try await RawConnection.send(server.head(method, path), port: server.port)
      #expect(answer.status == status)
      #expect(try answer.errorCode == code)
      #expect((answer.headers["allow"] != nil) == (status == 405))
    }
  }

  @Test func modelsAreListedAndFoundByNameAndAlias() async throws {
    let model = ServedModel(
      name: "birds/swift 1", aliases: ["default"], textEngine: FakeEngine())
    try await RunningServer.serving([model]) { server in
      let list = try await server.get("/v1/models").json
      #expect(list["object"] == "list")
      let card = try #require(list["data"]?[0])
      // Anthropic's clients read these.
      #expect(list["has_more"] == false && list["last_id"] == "birds/swift 1")
      #expect(card["type"] == "model" && card["display_name"] == "birds/swift 1")
      #expect(card["created_at"]?.stringValue?.hasSuffix("Z") == true)
      #expect(card["id"] == "birds/swift 1")
      #expect(card["object"] == "model")
      #expect(card["context_length"] == 512)
      for path in ["birds/swift%201", "birds%2Fswift%201", "default", "default/"] {
        #expect(try await server.get("/v1/models/\(path)").json == card)
      }
    }
  }

  @Test func theFrontPageShowsModelsAndACommandThatWorks() async throws {
    try await RunningServer.serving { server in
      let page = try await server.get("/")
      #expect(page.status == 200)
      #expect(page.body.contains("swift-1"))
      let address = "curl -N http://127.0.0.1:\(server.port)/v1/chat/completions"
      #expect(page.body.contains(address))
      let data = try #require(page.body.components(by: "-d '").last?.components(by: "'\n").first)
      let answer = try await server.post("/v1/chat/completions", data)
      #expect(try answer.streamedText == "Swifts sleep in flight.")
      #expect(try await server.get("/health").json["status"] == "ok")
    }
  }

  @Test func headAnswersAsGetWithoutABody() async throws {
    try await RunningServer.serving { server in
      let answer = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(server.head("HEAD", "/health"))
        return try await exchange.read(until: "\r\n\r\n")
      }
      #expect(answer.hasPrefix("HTTP/1.1 200"))
      #expect(answer.lowercased().contains("content-length: 15"))
      #expect(answer.hasSuffix("\r\n\r\n"))
    }
  }

  @Test(arguments: [
    ("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "missing_host"),
    (
      "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 403,
      "host_not_allowed"
    ),
    (
      "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400,
      "malformed_request"
    ),
    ("nonsense\r\n\r\n", 400, "malformed_request"),
    ("GET / HTTP/1.1\r\nbad header\r\n\r\n", 400, "malformed_request"),
    ("GET / HTTP/1.1\r\nHost: x\r\nb@d: 1\r\n\r\n", 400, "malformed_request"),
    ("GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400, "malformed_request"),
    ("\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", 400, "malformed_request"),
    (
      "GET /\(String(repeating: "a", count: 40_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n", 431,
      "request_headers_too_large"
    ),
    (
      "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n",
      431,
      "request_headers_too_large"
    ),
    (
      "GET / HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: 1\r\n", count: 200))\r\n", 431,
      "request_headers_too_large"
    ),
    (
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        + "Connection: close\r\n\r\n{}", 415, "unsupported_media_type"
    ),
    (
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        + "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
        + "Connection: close\r\n\r\n\u{1f}\u{8b}", 415, "unsupported_content_encoding"
    ),
    (
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400,
      "malformed_request"
    ),
    (
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n{}", 400, "malformed_request"
    ),
    (
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        + "Content-Type: application/json\r\n\r\nzz\r\n", 400, "truncated_body"
    ),
    (
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n"
        + "Content-Type: application/json\r\n\r\n{", 413, "request_too_large"
    ),
  ])
  func whatIsNoGoodHTTPGetsAnAnswerAndAClosedConnection(
    bytes: String, status: Int, code: String
  ) async throws {
    try await RunningServer.serving { server in
      let answer = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(bytes)
        let answer = try await exchange.answer()
        try await exchange.waitForClose()
        return answer
      }
      #expect(answer.status == status)
      #expect(try answer.errorCode == code)
    }
  }

  @Test(
    "A client of HTTP/1.0 gets no chunks, and the connection's end", arguments: ["", "keep-alive"])
  func oldClients(connection: String) async throws {
    try await RunningServer.serving { server in
      let body =
        #"{"model":"swift-1","messages":[{"role":"user","content":"Fly"}],"stream":true}"#
      let head =
        "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        + (connection.isEmpty ? "" : "Connection: \(connection)\r\n") + "\r\n"
      let answer = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(head + body)
        return try await exchange.read(until: "only the end of the connection")
      }
      #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
      #expect(!answer.lowercased().contains("transfer-encoding"))
      #expect(answer.lowercased().contains("connection: close\r\n"))
      #expect(answer.contains("\r\n\r\ndata: {"))
      #expect(answer.hasSuffix("data: [DONE]\n\n"))
    }
  }

  /// Java's client offers HTTP/2 with its first request, and others a socket. What the decoder reads of
  /// such a connection ends there, so a client has to hear that it ends.
  @Test(arguments: ["h2c", "websocket"])
  func anOfferOfAnotherProtocolIsPassedOver(name: String) async throws {
    try await RunningServer.serving { server in
      let offer = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: \(name)\r\n"
      let body = ChatCompletionTests.chat.serialized()
      let requests = [
        "GET /health HTTP/1.1\r\n\(offer)\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\n\(offer)Content-Type: application/json\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)",
      ]
      for request in requests {
        try await RawConnection.open(port: server.port) { exchange in
          // One before it stays one of many.
          try await exchange.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + request)
          #expect(try await exchange.answer().headers["connection"] == nil)
          let answer = try await exchange.answer()
          #expect(answer.status == 200)
          #expect(answer.headers["connection"] == "close")
          try await exchange.waitForClose()
        }
      }
    }
  }

  @Test func anOldClientThatAsksFirstGetsNoInterimAnswer() async throws {
    try await RunningServer.serving { server in
      let text = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          "POST /v1/tokenize HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            + "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"content\":\"a\"}")
        return try await exchange.read(until: "only the end of the connection")
      }
      #expect(text.hasPrefix("HTTP/1.0 200 OK\r\n"), "\(text)")
    }
  }

  @Test func garbageBehindARequestIsAnsweredAfterIt() async throws {
    try await RunningServer.serving { server in
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nno HTTP at all\r\n\r\n")
        #expect(try await exchange.answer().status == 200)
        let refusal = try await exchange.answer()
        #expect(refusal.status == 400)
        #expect(try refusal.errorCode == "malformed_request")
        try await exchange.waitForClose()
      }
    }
  }

  @Test func whatIsNoHTTPIsAnsweredOnce() async throws {
    try await RunningServer.serving { server in
      let text = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send("no HTTP at all\r\n")
        exchange.halfClose()
        return try await exchange.read(until: "only the end of the connection")
      }
      #expect(text.components(by: "HTTP/1.1 400").count == 2)
    }
  }

  @Test func aTruncatedBodyGetsAnAnswer() async throws {
    try await RunningServer.serving { server in
      let answer = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          server.head(
            "POST", "/v1/chat/completions",
            ["Content-Type: application/json", "Content-Length: 100"]) + "{\"model\"")
        exchange.halfClose()
        return try await exchange.answer()
      }
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "truncated_body")
    }
  }

  @Test func aBodyThatGrowsTooLargeIsRefusedWhileItComes() async throws {
    try await RunningServer.serving(configure: { $0.limits.bodyBytes = 1000 }) { server in
      let answer = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          server.head(
            "POST", "/v1/chat/completions",
            ["Content-Type: application/json", "Transfer-Encoding: chunked"])
            + "7d0\r\n" + String(repeating: " ", count: 2000) + "\r\n")
        return try await exchange.answer()
      }
      #expect(answer.status == 413)
      #expect(try answer.errorCode == "request_too_large")
    }
  }

  @Test func aBodyThatDoesNotArriveIsA408() async throws {
    try await RunningServer.serving(configure: { $0.limits.bodyDuration = .milliseconds(50) }) {
      server in
      let answer = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          server.head(
            "POST", "/v1/chat/completions",
            ["Content-Type: application/json", "Content-Length: 100"]) + "{")
        let answer = try await exchange.answer()
        try await exchange.waitForClose()
        return answer
      }
      #expect(answer.status == 408)
      #expect(try answer.errorCode == "request_timeout")
    }
  }

  @Test func aSilentConnectionIsClosed() async throws {
    try await RunningServer.serving(configure: { $0.limits.idleDuration = .milliseconds(50) }) {
      server in
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send("GET / HT")
        try await exchange.waitForClose()
      }
    }
  }

  @Test func aClientThatAsksFirstIsToldToGoOn() async throws {
    try await RunningServer.serving { server in
      let body = ChatCompletionTests.chat.serialized()
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          server.head(
            "POST", "/v1/chat/completions",
            [
              "Content-Type: application/json", "Content-Length: \(body.utf8.count)",
              "Expect: 100-continue",
            ]))
        #expect(try await exchange.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
        try await exchange.send(body)
        #expect(try await exchange.answer().status == 200)
      }
    }
  }

  @Test func everyAnswerHasAnIdAndATime() async throws {
    try await RunningServer.serving { server in
      for path in ["/", "/health", "/v1/models", "/nothing"] {
        let answer = try await server.get(path)
        #expect(answer.headers["x-request-id"]?.count == 36)
        #expect(answer.headers["openai-processing-ms"].flatMap { Int($0) } != nil)
      }
    }
  }

  @Test func nothingThatWasSaidIsLogged() async throws {
    try await RunningServer.serving { server in
      var chat = ChatCompletionTests.chat(["user": "canary-user", "stream": true])
      _ = try await server.chat(chat, headers: ["Authorization: Bearer canary-key"])
      chat = ChatCompletionTests.chat([
        "messages": [["role": "canary-role", "content": "canary-content"]]
      ])
      _ = try await server.chat(chat, headers: ["User-Agent: canary-agent"])
      _ = try await server.get("/v1/models/canary-path?canary=query")
      _ = try await server.post("/v1/chat/completions", "canary-body")
      #expect(server.log.text.contains("route=/v1/chat/completions"))
      #expect(server.log.text.contains("completion_tokens=5"))
      #expect(!server.log.text.contains("canary"))
      #expect(!server.log.text.contains("Swifts"))
    }
  }

  @Test(arguments: [
    ("0.0.0.0", false), ("192.168.1.5", false), ("example.org", false),
    ("127.0.0.1.example.org", false),
    ("127.0.0.1", true), ("127.8.8.8", true), ("localhost", true), ("::1", true),
  ])
  func withoutKeysOnlyThisMachineIsServed(host: String, isAllowed: Bool) {
    var configuration = Server.Configuration()
    configuration.host = host
    let make = { () throws(ServerError) in
      _ = try Server(
        models: [ServedModel(name: "m", textEngine: FakeEngine())], configuration: configuration,
        logger: LogCapture().logger)
    }
    if isAllowed {
      #expect(throws: Never.self) { try make() }
    } else {
      #expect(throws: ServerError.keysRequired(host: host)) { try make() }
      configuration.allowsRemoteWithoutKeys = true
      #expect(throws: Never.self) { try make() }
    }
  }

  @Test func aPortInUseIsANamedError() async throws {
    try await RunningServer.serving { server in
      await #expect(throws: ServerError.self) {
        try await RunningServer.serving(configure: { $0.port = server.port }) { _ in }
      }
    }
  }

  @Test func modelsNeedNamesOfTheirOwn() {
    let model = ServedModel(name: "a", textEngine: FakeEngine())
    let cases: [([ServedModel], ServerError)] = [
      ([], .noModels), ([model, model], .duplicateName("a")),
      ([ServedModel(name: "", textEngine: FakeEngine())], .invalidName(model: 0)),
    ]
    for (models, error) in cases {
      #expect(throws: error) {
        _ = try Server(models: models, logger: LogCapture().logger)
      }
    }
  }
}
