// What probes find of models that hear.

import APIServer
import Testing
import Transformer

@Suite(.timeLimit(.minutes(5))) struct SpeechProbeTests {
  private func probing(
    _ transcriber: FakeTranscriber, _ test: @escaping @Sendable (RunningServer) async throws -> Void
  ) async throws {
    try await RunningServer.hearing(
      transcriber, configure: { $0.probeInterval = .milliseconds(20) }, test)
  }

  private static func waitForState(_ state: String, _ server: RunningServer) async throws {
    var found: String?
    while found != state {
      let services = try await server.get("/status.json").json["services"]
      found = services?[1]?["state"]?.stringValue
      // It is loaded all the time.
      #expect(found != "standby")
    }
  }

  @Test(arguments: [(FakeTranscriber.Behaviour.answer, "online"), (.fail, "failing")])
  func aModelThatHearsIsAsked(behaviour: FakeTranscriber.Behaviour, state: String) async throws {
    let transcriber = FakeTranscriber(behaviour)
    try await probing(transcriber) { server in
      try await Self.waitForState(state, server)
      #expect(transcriber.lastOptions?.language == "en")
    }
  }

  @Test func aProbeMakesWayForARecordingThatIsWrittenDownMeanwhile() async throws {
    let transcriber = FakeTranscriber(.hangAfterFirst)
    try await probing(transcriber) { server in
      // The probe has the model.
      for await _ in transcriber.hangs { break }
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(bytes: server.recording([("language", "de")]))
        while transcriber.lastOptions?.language != "de" {
          for await _ in transcriber.hangs { break }
        }
        try await Self.waitForState("online", server)
      }
      for await _ in transcriber.cancellations { break }
    }
  }
}
