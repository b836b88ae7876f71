// The bodies that recordings come in: how slowly they may, and how they are known again.

import APIServer
import Testing

@Suite(.timeLimit(.minutes(5))) struct RecordingBodyTests {
  @Test(arguments: ["/v1/audio/transcriptions", "/audio/translations/?a=b"])
  func aRecordingMayComeMoreSlowlyThanOtherBodies(path: String) async throws {
    try await RunningServer.hearing(configure: { $0.limits.bodyDuration = .milliseconds(50) }) {
      server in
      let bytes = server.recording(path: path, headers: ["Expect: 100-continue"])
      let end = try #require(bytes.indices.first { bytes[$0...].starts(with: "\r\n\r\n".utf8) }) + 4
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(bytes: Array(bytes[..<end]))
        #expect(try await exchange.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
        // Another body that began later has been given up.
        let other = try await RawConnection.send(
          server.head(
            "POST", "/v1/completions", ["Content-Type: application/json", "Content-Length: 100"])
            + "{", port: server.port)
        #expect(other.status == 408)
        try await exchange.send(bytes: Array(bytes[end...]))
        #expect(try await exchange.answer().status == 200)
      }
    }
  }

  @Test func aRecordingThatDoesNotArriveIsA408() async throws {
    try await RunningServer.hearing(configure: {
      $0.limits.audioBodyDuration = .milliseconds(50)
    }) { server in
      let answer = try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(bytes: Array(server.recording().dropLast(20)))
        return try await exchange.answer()
      }
      #expect(answer.status == 408)
      #expect(try answer.errorCode == "request_timeout")
    }
  }

  /// Each sending of a form has another boundary.
  @Test(arguments: [([], 200), ([("language", "de")], 422)] as [([(String, String)], Int)])
  func aFormIsKnownAgainByWhatIsInIt(fields: [(String, String)], status: Int) async throws {
    try await RunningServer.hearing { server in
      let first = try await server.transcribe(headers: SharedAnswerTests.key, boundary: "b")
      #expect(first.status == 200)
      let again = try await server.transcribe(fields, headers: SharedAnswerTests.key, boundary: "c")
      #expect(again.status == status)
    }
  }

  /// What stands in one part must not pass for what stands in two.
  @Test func partsAreToldApart() async throws {
    try await RunningServer.hearing { server in
      let first = try await server.transcribe(
        [("prompt", "a"), ("user", "b")], headers: SharedAnswerTests.key)
      #expect(first.status == 200)
      let other = try await server.transcribe(
        [("prompt", "a4 1 userb")], headers: SharedAnswerTests.key)
      #expect(other.status == 422)
    }
  }

  /// Programs of Windows name files in its own codes.
  @Test func theNameOfAFileNeedNotBeUTF8() async throws {
    try await RunningServer.hearing { server in
      let name = [UInt8]("gr\u{FC}n.wav".unicodeScalars.map { UInt8($0.value) })
      let answer = try await server.transcribe(fileName: name)
      #expect(answer.status == 200)
    }
  }
}
