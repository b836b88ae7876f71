// Behind a proxy clients are where the proxy says that they are, and nobody else is believed.

import APIServer
import Metering
import Testing

@Suite(.timeLimit(.minutes(5))) struct ProxyTests {
  /// Runs a test with a key that may be used from two addresses only, neither of them here.
  private func serving(
    trusting ranges: [String],
    _ test: @escaping @Sendable (RunningServer, [String]) async throws -> Void
  ) async throws {
    try await withMeter { meter, store in
      let key = try store.createKey(label: #require(ShortName("test")))
      try store.setAddresses(
        ["203.0.113.7", "2001:db8::7"].map { try #require(AddressRange($0)) },
        for: key.record.name)
      meter.refreshKeys()
      let ranges = try ranges.map { try #require(AddressRange($0)) }
      try await RunningServer.serving(meter: meter, configure: { $0.trustedProxies = ranges }) {
        try await test($0, ["Authorization: Bearer \(key.text)"])
      }
    }
  }

  @Test func aTrustedProxySaysWhereAClientIs() async throws {
    let cases: [(headers: [String], isLetIn: Bool)] = [
      ([], false), (["203.0.113.7"], true), (["2001:db8::7"], true), (["2001:db8::8"], false),
      // The last one that is no proxy's counts; in front of it stands what the client wrote.
      (["203.0.113.7, 198.51.100.1"], false), (["198.51.100.1, 203.0.113.7"], true),
      (["203.0.113.7,127.0.0.9"], true), (["203.0.113.7, 198.51.100.1 ,\t127.0.0.9"], false),
      // Several headers are one list.
      (["203.0.113.7", "127.0.0.9"], true), (["198.51.100.1", "203.0.113.7"], true),
      (["203.0.113.7", "198.51.100.1"], false),
      // Some proxies add a port.
      (["203.0.113.7:4711"], true), (["[2001:db8::7]:443"], true), (["[2001:db8::7]"], true),
      // What is no address ends the list; what stands in front of it is nobody's.
      (["203.0.113.7, unknown"], false), (["203.0.113.7,"], false), (["203.0.113.7, ::::"], false),
      (["unknown, 203.0.113.7"], true), ([", ,x, 127.0.0.9"], false), ([","], false),
      (["203.0.113.7:1:2"], false), (["["], false),
    ]
    try await serving(trusting: ["127.0.0.0/8", "::1"]) { server, bearer in
      for (values, isLetIn) in cases {
        let answer = try await server.get(
          "/v1/key", headers: bearer + values.map { "X-Forwarded-For: \($0)" })
        #expect(answer.status == (isLetIn ? 200 : 401), "\(values)")
        if !isLetIn { #expect(try answer.errorCode == "ip_not_authorized") }
      }
    }
  }

  @Test(arguments: [[], ["192.0.2.0/24", "2001:db8::/32"]])
  func whoIsNotTrustedIsNotBelieved(ranges: [String]) async throws {
    try await serving(trusting: ranges) { server, bearer in
      for value in ["203.0.113.7", "203.0.113.7, 192.0.2.1"] {
        let answer = try await server.get(
          "/v1/key", headers: bearer + ["X-Forwarded-For: \(value)"])
        #expect(try answer.errorCode == "ip_not_authorized")
      }
    }
  }

  /// Who guesses keys behind a proxy keeps no other client of it waiting.
  @Test func strangersAreToldApartBehindAProxy() async throws {
    try await serving(trusting: ["127.0.0.1"]) { server, _ in
      func status(of client: String) async throws -> Int {
        try await server.get(
          "/v1/key", headers: ["Authorization: Bearer x", "X-Forwarded-For: \(client)"]
        ).status
      }
      var last = 401
      for _ in 0..<100 where last == 401 { last = try await status(of: "198.51.100.1") }
      #expect(last == 429)
      #expect(try await status(of: "198.51.100.2") == 401)
    }
  }

  @Test func aTrustedProxyHasAnyNumberOfConnections() async throws {
    try await RunningServer.serving(
      configure: {
        $0.limits.connectionsPerAddress = 1
        $0.trustedProxies = [AddressRange("127.0.0.1")].compactMap(\.self)
      }
    ) { server in
      try await RawConnection.open(port: server.port) { first in
        try await first.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try await first.answer().status == 200)
        #expect(try await server.get("/health").status == 200)
      }
    }
  }
}
