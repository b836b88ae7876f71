// Where a connection ends because its client asks for that (RFC 9112, 9.6).

import APIServer
import TestSupport
import Testing

@Suite struct ConnectionEndTests {
  /// The option is one of a list, and none of its letters has a size (RFC 9112, 9.6).
  @Test(arguments: [
    ("close", true), ("Close", true), ("CLOSE", true), ("TE, close", true), ("close ,TE", true),
    ("TE\r\nConnection: Close", true), ("keep-alive", false), ("closed", false), ("TE", false),
  ])
  func whoAsksForTheEndOfTheConnectionGetsIt(options: String, closes: Bool) async throws {
    try await RunningServer.serving { server in
      let request = "GET /health HTTP/1.1\r\nHost: localhost\r\n"
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          request + "Connection: \(options)\r\n\r\n" + request + "Connection: close\r\n\r\n")
        let text = try await exchange.read(until: "only the end of the connection")
        // What comes behind is no request.
        #expect(text.components(by: "HTTP/1.1 200").count == (closes ? 2 : 3))
        #expect(text.lowercased().components(by: "connection: close\r\n").count == 2)
      }
    }
  }

  @Test func whatComesLateBehindTheLastRequestIsNotAnswered() async throws {
    let engine = FakeEngine(["a", "b"], .pauseAfterFirst)
    try await RunningServer.serving(engine) { server in
      let body = ChatCompletionTests.chat(["stream": true]).serialized()
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(server.request("/v1/chat/completions", body))
        for await _ in engine.hangs { break }
        // The server reads it in two pieces: in between it answers somebody else.
        for piece in ["GET /health HT", "TP/1.1\r\nHost: localhost\r\n\r\n"] {
          try await exchange.send(piece)
          #expect(try await server.get("/health").status == 200)
        }
        engine.resume()
        let text = try await exchange.read(until: "only the end of the connection")
        #expect(text.components(by: "HTTP/1.1 ").count == 2)
      }
    }
  }

  /// Only the parser takes such a request for the last one: the next is refused, and not left waiting.
  @Test func whoAsksAProxyForTheEndOfTheConnectionIsNotLeftWaiting() async throws {
    try await RunningServer.serving { server in
      let request = "GET /health HTTP/1.1\r\nHost: localhost\r\n"
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(request + "Proxy-Connection: close\r\n\r\n" + request + "\r\n")
        let text = try await exchange.read(until: "only the end of the connection")
        #expect(text.components(by: "HTTP/1.1 200").count == 2)
        #expect(text.components(by: "HTTP/1.1 400").count == 2)
      }
    }
  }
}
