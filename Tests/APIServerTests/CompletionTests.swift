// Text completions, and the endpoints that show what a prompt is made of.

import APIServer
import JSON
import Testing

@Suite struct CompletionTests {
  private func complete(_ server: RunningServer, _ body: JSONValue) async throws -> HTTPAnswer {
    try await server.post("/v1/completions", body.serialized())
  }

  @Test(arguments: ["one two three", ["one two three"], [3, 3, 5], [[3, 3, 5]]] as [JSONValue])
  func aPromptIsTextOrTokens(prompt: JSONValue) async throws {
    let engine = FakeEngine([" four", "!"], .base)
    try await RunningServer.serving(engine) { server in
      let answer = try await complete(server, ["model": "swift-1", "prompt": prompt])
      #expect(answer.status == 200)
      let body = try answer.json
      #expect(body["object"] == "text_completion")
      #expect(body["id"] == .string("cmpl-\(answer.headers["x-request-id"] ?? "")"))
      #expect(body["choices"]?[0]?["text"] == " four!")
      #expect(body["choices"]?[0]?["finish_reason"] == "stop")
      #expect(body["usage"]?["completion_tokens"] == 2)
      #expect(engine.lastRequest?.prompt.suffix(3) == [3, 3, 5])
      #expect(engine.lastRequest?.maxTokens == 16)
    }
  }

  @Test func aStreamIsMadeOfTheSameObjects() async throws {
    try await RunningServer.serving(FakeEngine(["a", "b"])) { server in
      let answer = try await complete(
        server,
        [
          "model": "swift-1", "prompt": "one", "stream": true, "echo": true,
          "stream_options": ["include_usage": true],
        ])
      #expect(answer.events.last == "[DONE]")
      let chunks = try answer.events.dropLast().map { try JSONValue.parse($0) }
      #expect(
        chunks.compactMap { $0["choices"]?[0]?["text"]?.stringValue } == ["one", "a", "b", ""])
      #expect(chunks[3]["choices"]?[0]?["finish_reason"] == "stop")
      #expect(chunks[4]["usage"]?["total_tokens"] == 4)
    }
  }

  @Test func theEchoStandsBeforeTheText() async throws {
    try await RunningServer.serving(FakeEngine([" b"])) { server in
      let text = try await complete(
        server, ["model": "swift-1", "prompt": "a", "echo": true, "max_tokens": 1]
      ).json["choices"]?[0]?["text"]
      #expect(text == "a b")
    }
  }

  @Test(
    arguments: [
      (["prompt": .null], "missing_required_parameter", "prompt"),
      (["prompt": 5], "invalid_type", "prompt"), (["prompt": []], "empty_array", "prompt"),
      (["prompt": ["a", 1]], "invalid_type", "prompt[1]"),
      (["prompt": ["a", [1, "b"]]], "invalid_type", "prompt[1][1]"),
      (["prompt": .array(Array(repeating: "a", count: 33))], "array_above_max_length", "prompt"),
      (
        ["prompt": .array(Array(repeating: "a", count: 5)), "n": 7], "array_above_max_length",
        "prompt"
      ),
      (["prompt": [1, "b"]], "invalid_type", "prompt[1]"),
      (["prompt": [1, -2]], "invalid_type", "prompt[1]"),
      (["prompt": [[1, 4_294_967_296]]], "invalid_type", "prompt[0][1]"),
      (["prompt": [true]], "invalid_type", "prompt[0]"),
      (["suffix": "x"], "unsupported_value", "suffix"),
      (["suffix": "x", "echo": true, "logprobs": 0], "unsupported_value", "suffix"),
      (["best_of": 9], "integer_above_max_value", "best_of"),
      (["best_of": 1, "n": 2], "integer_below_min_value", "best_of"),
      (["best_of": 2, "stream": true], "unsupported_value", "best_of"),
      (["logprobs": true], "invalid_type", "logprobs"),
      (["logprobs": 21], "integer_above_max_value", "logprobs"),
    ] as [(JSONObject, String, String)])
  func aBadFieldIsRefusedByName(change: JSONObject, code: String, param: String) async throws {
    try await RunningServer.serving { server in
      var body: JSONObject = ["model": "swift-1", "prompt": "a"]
      for (key, value) in change { body[key] = value }
      let answer = try await complete(server, .object(body))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"] == .string(param))
    }
  }

  @Test func aPromptCanBeRecounted() async throws {
    try await RunningServer.serving { server in
      for path in ["/tokenize", "/v1/tokenize"] {
        let tokens = try await server.post(path, #"{"content":"one three"}"#).json
        #expect(tokens["tokens"] == [3, 5])
        #expect(tokens["count"] == 2)
      }
      let special = try await server.post(
        "/tokenize", #"{"model":"swift-1","content":"one","add_special":true}"#)
      #expect(try special.json["tokens"] == [0, 3])
      let prompt = try await server.post("/tokenize", #"{"prompt":"one"}"#)
      #expect(try prompt.json["tokens"] == [0, 3])
      let bare = try await server.post("/tokenize", #"{"prompt":"one","add_special_tokens":false}"#)
      #expect(try bare.json["tokens"] == [3])
      let chat = try await server.post(
        "/tokenize", #"{"messages":[{"role":"user","content":"one three"}]}"#)
      #expect(try chat.json["tokens"] == [3, 5])
      let pieces = try await server.post("/tokenize", #"{"content":"one","with_pieces":true}"#)
      #expect(try pieces.json["tokens"] == [["id": 3, "piece": "xxx"]])
      let text = try await server.post("/detokenize", #"{"tokens":[1,2]}"#)
      #expect(try text.json == ["content": "x xx", "prompt": "x xx"])
      let rendered = try await server.post(
        "/apply-template", #"{"messages":[{"role":"user","content":"hi"}]}"#)
      #expect(try rendered.json == ["prompt": "<user>hi<assistant>"])
    }
  }

  @Test(arguments: [
    ("/tokenize", "{}", "missing_required_parameter"),
    ("/tokenize", #"{"content":5}"#, "invalid_type"),
    ("/detokenize", "{}", "missing_required_parameter"),
    ("/detokenize", #"{"tokens":["a"]}"#, "invalid_type"),
    ("/detokenize", #"{"tokens":[1,99999999]}"#, "invalid_token"),
    ("/apply-template", "{}", "missing_required_parameter"),
    ("/apply-template", #"{"messages":[]}"#, "empty_array"),
    ("/apply-template", #"{"model":"none","messages":[]}"#, "model_not_found"),
  ])
  func whatCannotBeCountedIsRefused(path: String, body: String, code: String) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post(path, body)
      #expect(try answer.errorCode == code)
    }
  }
}
