// Recordings that are told segment by segment.

import APIServer
import JSON
import Metering
import TestSupport
import Testing
import Transformer

@Suite(.timeLimit(.minutes(5))) struct TranscriptStreamTests {
  private static let stream = [("stream", "true")]
  private static let deltas: [JSONValue] = [
    ["type": "transcript.text.delta", "delta": "Swifts sleep"],
    ["type": "transcript.text.delta", "delta": " in --> flight."],
  ]

  @Test(arguments: ["json", "text"])
  func eachSegmentIsAnEventAndTheLastOneTellsAll(format: String) async throws {
    try await withMeter { meter, store in
      try await RunningServer.hearing(meter: meter) { server in
        let answer = try await server.transcribe(Self.stream + [("response_format", format)])
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/event-stream; charset=utf-8")
        let events = try answer.events.map { try JSONValue.parse($0) }
        #expect(Array(events.dropLast()) == Self.deltas)
        #expect(
          events.last == [
            "type": "transcript.text.done", "text": "Swifts sleep in --> flight.",
            "usage": ["type": "duration", "seconds": 3],
          ])
        let row = try #require(try store.newestRows().first)
        #expect(row.status == .completed && row.httpStatus == 200)
        #expect(row.usage == TokenUsage(audioMilliseconds: 2300))
        #expect(meter.outstanding == 0)
      }
    }
  }

  @Test func aSegmentLeavesWhileTheNextIsWritten() async throws {
    let transcriber = FakeTranscriber(.hangAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.hearing(transcriber, meter: meter) { server in
        let text = try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(bytes: server.recording(Self.stream))
          return try await exchange.read(until: "Swifts sleep\"}\n\n")
        }
        #expect(text.contains("transcript.text.delta"))
        #expect(!text.contains("flight"))
        // Who leaves stops the work, and pays for what was written down.
        for await _ in transcriber.cancellations { break }
        while meter.outstanding > 0 { await Task.yield() }
        while !server.log.text.contains("status=200") { await Task.yield() }
      }
      let row = try #require(try store.newestRows().first)
      #expect(row.status == .cancelled && row.httpStatus == 200)
      #expect(row.usage == TokenUsage(audioMilliseconds: 1000))
    }
  }

  @Test func whatIsRefusedBeforeTheModelBeginsIsNoStream() async throws {
    try await withMeter { meter, store in
      try await RunningServer.hearing(meter: meter) { server in
        let answer = try await server.transcribe(Self.stream, file: Array("no sound".utf8))
        #expect(answer.status == 400)
        #expect(try answer.errorCode == "unsupported_audio")
        let row = try #require(try store.newestRows().first)
        #expect(row.status == .rejected && row.httpStatus == 400 && row.usage == TokenUsage())
        #expect(meter.outstanding == 0)
      }
    }
  }

  @Test func aFailureInTheMidstIsTheLastEvent() async throws {
    try await withMeter { meter, store in
      try await RunningServer.hearing(FakeTranscriber(.fail), meter: meter) { server in
        let answer = try await server.transcribe(Self.stream)
        #expect(answer.status == 200)
        let events = try answer.events.map { try JSONValue.parse($0) }
        #expect(events.first == Self.deltas[0] && events.count == 2)
        #expect(events.last?["error"]?["code"] == "internal_error")
        let row = try #require(try store.newestRows().first)
        #expect(row.status == .failed && row.usage == TokenUsage())
      }
    }
  }

  /// The head of a stream says that all is well, and its end that it is not.
  @Test(arguments: [(FakeTranscriber.Behaviour.fail, 200), (.answer, 422)])
  func aStreamThatFailedLeavesItsKeyFree(
    behaviour: FakeTranscriber.Behaviour, status: Int
  ) async throws {
    try await withMeter { meter, _ in
      try await RunningServer.hearing(FakeTranscriber(behaviour), meter: meter) { server in
        let first = try await server.transcribe(Self.stream, headers: SharedAnswerTests.key)
        #expect(first.status == 200)
        let other = try await server.transcribe(
          Self.stream + [("language", "de")], headers: SharedAnswerTests.key)
        #expect(other.status == status)
      }
    }
  }

  /// Tells a sum of words apart from the whole text.
  @Test func deltasJoinToTheText() async throws {
    let model = try SpeechModel.load(ProjectFixtures.root + "/speech/tiny-f16.bin")
    try await RunningServer.serving([ServedModel(name: "whisper-1", speech: model)]) { server in
      let whole = try await server.transcribe().json["text"]?.stringValue
      let events = try await server.transcribe(Self.stream).events.map { try JSONValue.parse($0) }
      #expect(events.count > 1)
      #expect(events.compactMap { $0["delta"]?.stringValue }.joined() == whole)
      #expect(events.last?["text"]?.stringValue == whole)
    }
  }
}
