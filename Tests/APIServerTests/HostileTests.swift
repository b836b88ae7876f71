// Every hostile request gets a refusal that says so, and none of them is the server's fault.

import APIServer
import JSON
import Testing

@Suite struct HostileTests {
  @Test func theTableIsLong() {
    #expect(HostileRequest.all.count >= 300)
  }

  @Test func everyHostileRequestIsRefusedWithABody() async throws {
    try await RunningServer.serving { server in
      for request in HostileRequest.all {
        let answer = try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(bytes: request.bytes)
          exchange.halfClose()
          return try await exchange.answer()
        }
        // 501 is for framings that a server does not know (RFC 9112, 6.1).
        let statuses = request.name == "an unknown framing" ? 501..<502 : 400..<500
        #expect(statuses.contains(answer.status), "\(request.name): \(answer.status)")
        let error = try? answer.json["error"]
        #expect(error?["message"]?.stringValue?.isEmpty == false, "\(request.name)")
        #expect(error?["type"]?.stringValue?.isEmpty == false, "\(request.name)")
        #expect(error?["code"]?.stringValue?.isEmpty == false, "\(request.name)")
        // It would hide that the request was taken for a good one.
        #expect(error?["code"] != "client_gone", "\(request.name)")
      }
      #expect(!server.log.text.contains("internal error"))
      #expect(try await server.chat(ChatCompletionTests.chat).status == 200)
    }
  }
}
