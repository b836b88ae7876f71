// Anthropic's shape: whose turn it is, what was thought, and how the end is told.

import APIServer
import JSON
import Testing

@Suite struct MessageTurnTests {
  /// Role and text of the messages that the model was given.
  private func turns(_ changes: JSONObject) async throws -> [String] {
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post("/v1/messages", MessagesTests.request(changes))
      #expect(answer.status == 200, "\(answer.body)")
    }
    return engine.lastMessages.map { "\($0.role) \($0.content)" }
  }

  @Test func neighboursOfOneRoleAreOneTurn() async throws {
    let call: JSONValue = ["type": "tool_use", "id": "t", "name": "time", "input": [:]]
    let result: JSONValue = ["type": "tool_result", "tool_use_id": "t", "content": "noon"]
    #expect(
      try await turns([
        "messages": [
          ["role": "user", "content": "a"],
          ["role": "user", "content": [["type": "text", "text": "b"]]],
          ["role": "assistant", "content": "c"],
          ["role": "assistant", "content": [call]],
          ["role": "user", "content": [result]],
          ["role": "user", "content": "d"],
        ]
      ]) == ["system Be brief.", "user a\nb", "assistant c", "tool noon", "user d"])
  }

  @Test func anAnswerThatIsContinuedIsOneTurn() async throws {
    #expect(
      try await turns([
        "system": .null,
        "messages": [
          ["role": "user", "content": "a"], ["role": "user", "content": "b"],
          ["role": "assistant", "content": "c"], ["role": "user", "content": "d"],
        ],
      ]) == ["user a\nb", "assistant c", "user d"])
  }

  @Test func aSystemMessageMayStandAmongTheOthers() async throws {
    #expect(
      try await turns([
        "messages": [
          ["role": "system", "content": "In verse."],
          ["role": "user", "content": "a"],
          ["role": "system", "content": [["type": "text", "text": "In prose."]]],
          ["role": "user", "content": "b"],
        ]
      ]) == ["system Be brief.", "system In verse.", "user a", "system In prose.", "user b"])
  }

  @Test func thoughtsHaveASignatureAndAreTakenBack() async throws {
    let engine = FakeEngine(
      ["<think>", "Hm.", "</think>", "Noon."], template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post("/v1/messages", MessagesTests.request([:])).json
      let content = try #require(answer["content"])
      #expect(content[0]?["thinking"] == "Hm.")
      let signature = try #require(content[0]?["signature"]?.stringValue)
      #expect(!signature.isEmpty)
      #expect(answer["usage"]?["output_tokens_details"] == ["thinking_tokens": 3])
      let streamed = try await server.post("/v1/messages", MessagesTests.request(["stream": true]))
      let deltas = try MessagesTests.events(streamed).compactMap {
        $0["delta"]?["signature"]?.stringValue
      }
      #expect(deltas == [signature])
      let user: JSONValue = ["role": "user", "content": "a"]
      let back = try await server.post(
        "/v1/messages",
        MessagesTests.request([
          "messages": [user, ["role": "assistant", "content": content], user]
        ]))
      #expect(back.status == 200, "\(back.body)")
    }
    #expect(engine.lastMessages[2].extra["reasoning_content"] == "Hm.")
  }

  /// Six tokens of a prompt, and five of an answer.
  @Test(
    arguments: [
      (8, 64, "model_context_window_exceeded"), (8, 2, "max_tokens"), (512, 2, "max_tokens"),
      (512, 64, "end_turn"),
    ])
  func aFullContextIsToldApartFromALimit(
    contextLength: Int, maxTokens: Int64, reason: String
  ) async throws {
    try await RunningServer.serving(FakeEngine(contextLength: contextLength)) { server in
      let changes: JSONObject = ["max_tokens": .integer(maxTokens)]
      let whole = try await server.post("/v1/messages", MessagesTests.request(changes)).json
      #expect(whole["stop_reason"] == .string(reason))
    }
  }

  /// Anthropic's clients know it by these words.
  @Test func aPromptThatIsTooLongIsToldInAnthropicsWords() async throws {
    try await RunningServer.serving(FakeEngine(contextLength: 4)) { server in
      let answer = try await server.post("/v1/messages", MessagesTests.request([:]))
      #expect(answer.status == 400)
      let error = try answer.json["error"]
      #expect(error?["type"] == "invalid_request_error")
      #expect(error?["message"] == "prompt is too long: 6 tokens > 4 maximum")
      let other = try await server.post("/v1/responses", ResponsesTests.request())
      #expect(try other.json["error"]?["code"] == "context_length_exceeded")
      #expect(other.body.contains("maximum context length is 4 tokens"))
    }
  }

  @Test func whatIsTheCaseAnywayMayBeAskedFor() async throws {
    try await RunningServer.serving(configure: { $0.isStrict = true }) { server in
      let answer = try await server.post(
        "/v1/messages", MessagesTests.request(["inference_geo": "global", "speed": "standard"]))
      #expect(answer.status == 200, "\(answer.body)")
    }
  }
}
