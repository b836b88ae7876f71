// Pages in a browser: without keys only the server's own are answered.

import APIServer
import Metering
import Testing

@Suite struct OriginTests {
  @Test(
    arguments: [
      ("http://evil.example", 403), ("https://evil.example", 403), ("null", 403),
      ("http://localhost", 403), ("http://localhost:1", 403), ("http://localhost:PORT", 200),
      ("HTTP://LOCALHOST:PORT", 200), ("https://localhost:PORT", 200), ("app://some.program", 200),
      ("http://localhost:PORT.evil.example", 403),
    ])
  func aPageOfAnotherSiteGetsNothingWithoutKeys(origin: String, status: Int) async throws {
    try await RunningServer.hearing { server in
      let header = "Origin: " + origin.replacing("PORT", with: "\(server.port)")
      let answer = try await server.transcribe(headers: [header])
      #expect(answer.status == status)
      if status == 403 { #expect(try answer.errorCode == "origin_not_allowed") }
    }
  }

  /// A browser leaves the port out that a scheme has anyway.
  @Test(
    arguments: [
      ("http://localhost", "localhost:80", 200), ("https://localhost", "localhost:443", 200),
      ("http://localhost", "localhost:443", 403), ("http://[::1]:8080", "[::1]:8080", 200),
      ("http://localhost", "localhost", 200), ("http://127.0.0.1", "localhost", 403),
    ])
  func theOwnPageIsAnswered(origin: String, host: String, status: Int) async throws {
    try await RunningServer.serving { server in
      let request = "GET /health HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
      let answer = try await RawConnection.send(
        request + "Origin: \(origin)\r\n\r\n", port: server.port)
      #expect(answer.status == status)
    }
  }

  @Test func aKeyIsLeaveEnough() async throws {
    try await withMeter { meter, store in
      let key = try store.createKey(label: #require(ShortName("test")))
      meter.refreshKeys()
      try await RunningServer.serving(meter: meter) { server in
        let answer = try await server.chat(
          ChatCompletionTests.chat,
          headers: ["Authorization: Bearer \(key.text)", "Origin: https://elsewhere.example"])
        #expect(answer.status == 200)
      }
    }
  }
}
