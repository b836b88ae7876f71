// How much a model is to think: what each API says becomes a bound for the engine and variables for the
// template.

import APIServer
import JSON
import Testing
import Transformer

@Suite struct ThinkingTests {
  private static let thinker = "{% if enable_thinking %}<think>{% endif %}"

  private func limit(
    _ path: String, _ changes: JSONObject, template: String = thinker
  ) async throws -> ReasoningLimit? {
    let engine = FakeEngine(template: template)
    try await RunningServer.serving(engine) { server in
      var body: JSONObject = [
        "model": "swift-1", "messages": [["role": "user", "content": "a"]], "max_tokens": 100,
      ]
      if path == "/v1/responses" { body = ["model": "swift-1", "input": "a"] }
      for (key, value) in changes { body[key] = value }
      let answer = try await server.post(path, JSONValue.object(body).serialized())
      #expect(answer.status == 200, "\(answer.body)")
    }
    return try #require(engine.lastRequest).reasoningLimit
  }

  @Test(
    arguments: [
      ([:], nil), (["reasoning_effort": "none"], 0), (["reasoning_effort": "minimal"], 128),
      (["reasoning_effort": "low"], 1024), (["reasoning_effort": "medium"], 4096),
      (["reasoning_effort": "high"], 16_384), (["reasoning_effort": "xhigh"], nil),
      (["reasoning_effort": "max"], nil),
      (["thinking_budget_tokens": 7], 7), (["thinking_token_budget": 0], 0),
      (["thinking_budget_tokens": -1], nil),
      (["thinking_budget_tokens": 7, "reasoning_effort": "low"], 7),
      (["thinking_budget_tokens": 7, "reasoning_effort": "none"], 7),
      (["thinking_budget_tokens": -1, "reasoning_effort": "none"], 0),
    ] as [(JSONObject, Int?)])
  func aChatsDegreeIsANumberOfTokens(change: JSONObject, tokens: Int?) async throws {
    #expect(try await limit("/v1/chat/completions", change)?.tokenCount == tokens)
  }

  @Test(
    arguments: [
      ("/v1/responses", ["reasoning": ["effort": "low"]], 1024),
      ("/v1/messages", ["thinking": ["type": "enabled", "budget_tokens": 9]], 9),
      ("/v1/messages", ["thinking": ["type": "disabled"]], 0),
      ("/v1/messages", ["thinking": ["type": "adaptive"]], nil),
      ("/v1/messages", ["output_config": ["effort": "low"]], 1024),
      ("/v1/messages", ["output_config": ["effort": "xhigh"]], nil),
      ("/v1/messages", ["output_config": ["effort": "max"]], nil),
      ("/v1/responses", ["reasoning": ["effort": "max", "context": "auto"]], nil),
    ] as [(String, JSONObject, Int?)])
  func otherShapesSayItTheirWay(path: String, change: JSONObject, tokens: Int?) async throws {
    #expect(try await limit(path, change)?.tokenCount == tokens)
  }

  @Test func theTagsAreTheTemplates() async throws {
    let found = try #require(
      try await limit(
        "/v1/chat/completions", ["reasoning_effort": "low"], template: "{{ '[THINK]' }}"))
    #expect(found.opening == "[THINK]" && found.closing == "[/THINK]" && !found.isOpen)
  }

  /// Messages to channels have no tag that ends thoughts.
  @Test func aNumberOfTokensIsRefusedWhereNothingCouldHoldIt() async throws {
    let template = "<|channel|><|message|>{{ reasoning_effort }}"
    #expect(
      try await limit(
        "/v1/chat/completions", ["reasoning_effort": "low"], template: template) == nil)
    try await RunningServer.serving(FakeEngine(template: template)) { server in
      let answer = try await server.chat(ChatCompletionTests.chat(["thinking_budget_tokens": 7]))
      #expect(answer.status == 400)
      #expect(try answer.json["error"]?["param"] == "thinking_budget_tokens")
    }
  }

  @Test(arguments: ["thinking_budget_tokens", "thinking_token_budget"])
  func aBadNumberIsNamed(name: String) async throws {
    try await RunningServer.serving(FakeEngine(template: Self.thinker)) { server in
      for value: JSONValue in [-2, 1.5, "many", true] {
        let answer = try await server.chat(ChatCompletionTests.chat([name: value]))
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?["param"] == .string(name))
      }
    }
  }
}
