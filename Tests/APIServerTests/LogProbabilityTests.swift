// How likely tokens were, in the shapes of three endpoints.

import APIServer
import JSON
import Testing

@Suite struct LogProbabilityTests {
  private static let asked: JSONObject = ["logprobs": true, "top_logprobs": 2]

  /// The texts of scored tokens, joined.
  private func text(_ tokens: [JSONValue]) -> String {
    let bytes = tokens.flatMap { $0["bytes"]?.arrayValue ?? [] }.compactMap(\.intValue)
    return String(decoding: bytes.map { UInt8($0) }, as: UTF8.self)
  }

  @Test func aChatTellsEveryTokenOfItsContent() async throws {
    try await RunningServer.serving { server in
      let choice = try await server.chat(ChatCompletionTests.chat(Self.asked)).json["choices"]?[0]
      let tokens = try #require(choice?["logprobs"]?["content"]?.arrayValue)
      #expect(tokens.count == 5)
      #expect(text(tokens) == "Swifts sleep in flight.")
      #expect(choice?["logprobs"]?["refusal"] == .null)
      #expect(tokens[1]["token"] == " sleep")
      #expect(tokens[1]["logprob"]?.doubleValue == -0.25)
      let likeliest = try #require(tokens[1]["top_logprobs"]?.arrayValue)
      #expect(likeliest.map { $0["token"] } == [" sleep", " in"])
      #expect(likeliest.map { $0["logprob"]?.doubleValue } == [-0.25, -1])
      #expect(likeliest[1]["bytes"] == [32, 105, 110])
    }
  }

  @Test func aStreamTellsThemWithTheirText() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat(["logprobs": true, "stream": true]))
      var told: [String] = []
      for event in answer.events.dropLast() {
        let choice = try #require(try JSONValue.parse(event)["choices"]?[0])
        guard let tokens = choice["logprobs"]?["content"]?.arrayValue else { continue }
        #expect(.string(text(tokens)) == choice["delta"]?["content"])
        #expect(tokens.allSatisfy { $0["top_logprobs"] == [] })
        told.append(text(tokens))
      }
      #expect(told == ["Swifts", " sleep", " in", " flight", "."])
    }
  }

  @Test func tokensOfReasoningAndCallsAreLeftOut() async throws {
    let pieces = [
      "<think>", "Hm", ".", "</think>", "\n\n", "No", "on.", "<tool_call>",
      "{\"name\":\"time\",\"arguments\":{}}", "</tool_call>",
    ]
    let engine = FakeEngine(pieces, template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      var chat = ToolCallTests.chat
      chat["logprobs"] = true
      let choice = try await server.chat(.object(chat)).json["choices"]?[0]
      #expect(choice?["message"]?["content"] == "Noon.")
      #expect(choice?["finish_reason"] == "tool_calls")
      #expect(text(choice?["logprobs"]?["content"]?.arrayValue ?? []) == "Noon.")
    }
  }

  @Test func textThatWasHeldBackComesWithAllItsTokens() async throws {
    let engine = FakeEngine(["<tool", "_", "box>"], template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      var chat = ToolCallTests.chat
      chat["logprobs"] = true
      let choice = try await server.chat(.object(chat)).json["choices"]?[0]
      #expect(text(choice?["logprobs"]?["content"]?.arrayValue ?? []) == "<tool_box>")
    }
  }

  @Test(arguments: [false, true])
  func aCompletionTellsListsAndPlaces(echoes: Bool) async throws {
    try await RunningServer.serving(FakeEngine(["é", "🐦x", "y"])) { server in
      let request: JSONValue = [
        "model": "swift-1", "prompt": "ab cd", "logprobs": 1, "echo": .bool(echoes),
      ]
      let body = try await server.post("/v1/completions", request.serialized()).json
      let scores = try #require(body["choices"]?[0]?["logprobs"])
      // An echo tells of the prompt's tokens as well, but for the one that no text stands for.
      let prompt: [JSONValue] = echoes ? ["xx", "xx"] : []
      let first: Int64 = echoes ? 5 : 0
      #expect(scores["tokens"] == .array(prompt + ["é", "🐦x", "y"]))
      #expect(
        scores["token_logprobs"] == .array(prompt.map { _ in -0.5 } + [-0.25, -0.25, -0.25]))
      #expect(
        scores["text_offset"]
          == .array(
            (echoes ? [0, 2] : []) + [.integer(first), .integer(first + 1), .integer(first + 3)]))
      #expect(scores["top_logprobs"]?[prompt.count] == ["é": -0.25])
      var streamed = request.objectValue ?? [:]
      streamed["stream"] = true
      let answer = try await server.post(
        "/v1/completions", JSONValue.object(streamed).serialized())
      let chunks = try answer.events.dropLast().map { try JSONValue.parse($0) }
      let offsets = chunks.flatMap {
        $0["choices"]?[0]?["logprobs"]?["text_offset"]?.arrayValue ?? []
      }
      #expect(.array(offsets) == scores["text_offset"])
    }
  }

  @Test func aTokenThatIsNoTextHasAName() async throws {
    try await RunningServer.serving(FakeEngine(["a"])) { server in
      let body = try await server.post(
        "/v1/completions", #"{"model":"swift-1","prompt":"b","logprobs":3}"#
      ).json
      // Of what the fake engine names, only the first is a token that it has.
      let names = body["choices"]?[0]?["logprobs"]?["top_logprobs"]?[0]?.objectValue?.keys
      #expect(names?.first == "a")
    }
  }

  @Test func aResponseTellsThemInItsTextAndItsEvents() async throws {
    try await RunningServer.serving { server in
      let asked: JSONObject = ["include": ["message.output_text.logprobs"], "top_logprobs": 1]
      let body = try await server.post("/v1/responses", ResponsesTests.request(asked)).json
      #expect(body["top_logprobs"] == 1)
      let tokens = try #require(body["output"]?[0]?["content"]?[0]?["logprobs"]?.arrayValue)
      #expect(text(tokens) == "Swifts sleep in flight.")
      #expect(tokens[0]["top_logprobs"]?[0]?["token"] == "Swifts")
      var streamed = asked
      streamed["stream"] = true
      let events = try MessagesTests.events(
        try await server.post("/v1/responses", ResponsesTests.request(streamed)))
      let deltas = events.filter { $0["type"] == "response.output_text.delta" }
      #expect(deltas.flatMap { $0["logprobs"]?.arrayValue ?? [] } == tokens)
      let done = events.first { $0["type"] == "response.output_text.done" }
      #expect(done?["logprobs"]?.arrayValue == tokens)
    }
  }

  @Test(
    arguments: [
      (["include": ["file_search_call.results"]], "unsupported_value", "include[0]"),
      (["include": [1]], "invalid_type", "include[0]"),
      (["top_logprobs": 21], "integer_above_max_value", "top_logprobs"),
    ] as [(JSONObject, String, String)])
  func aResponseIncludesNothingElse(change: JSONObject, code: String, param: String) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post("/v1/responses", ResponsesTests.request(change))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"] == .string(param))
      guard code == "unsupported_value" else { return }
      #expect(
        answer.body.contains("'message.output_text.logprobs' or 'reasoning.encrypted_content'"))
    }
  }
}
