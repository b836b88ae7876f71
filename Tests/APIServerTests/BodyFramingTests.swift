// What may stand around a body, and in front of it.

import APIServer
import JSON
import Testing

@Suite struct BodyFramingTests {
  @Test(arguments: [
    ("chunked", 200), ("Chunked", 200), ("gzip, chunked", 501), ("identity, chunked", 501),
  ])
  func ofTransferCodingsOneIsKnown(coding: String, status: Int) async throws {
    try await RunningServer.serving { server in
      let body = ChatCompletionTests.chat.serialized()
      let head = server.head(
        "POST", "/v1/chat/completions",
        ["Content-Type: application/json", "Transfer-Encoding: \(coding)"])
      let chunk = String(body.utf8.count, radix: 16)
      let answer = try await RawConnection.send(
        head + "\(chunk)\r\n\(body)\r\n0\r\n\r\n", port: server.port)
      #expect(answer.status == status, "\(answer.body)")
      if status == 501 { #expect(try answer.errorCode == "unsupported_transfer_encoding") }
    }
  }

  @Test func aMarkOfByteOrderIsPassedOver() async throws {
    try await RunningServer.serving { server in
      let mark = "\u{FEFF}"
      let body = ChatCompletionTests.chat.serialized()
      #expect(try await server.post("/v1/chat/completions", mark + body).status == 200)
      let twice = try await server.post("/v1/chat/completions", mark + mark + body)
      #expect(try twice.errorCode == "invalid_json")
    }
  }
}
