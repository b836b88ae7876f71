// A chat's answer: plain, streamed, and what the engine is asked for.

import APIServer
import JSON
import Testing
import Transformer

@Suite struct ChatCompletionTests {
  static let chat: JSONValue = [
    "model": "swift-1", "messages": [["role": "user", "content": "How do swifts sleep?"]],
  ]

  static func chat(_ changes: JSONObject) -> JSONValue {
    var object = chat.objectValue ?? [:]
    for (key, value) in changes { object[key] = value }
    return .object(object)
  }

  @Test func aPlainAnswerHasOpenAIsShape() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(Self.chat)
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/json")
      #expect(answer.headers["x-ai-generated"] == "true")
      let body = try answer.json
      #expect(body["object"] == "chat.completion")
      #expect(body["model"] == "swift-1")
      let id = try #require(answer.headers["x-request-id"])
      #expect(body["id"] == .string("chatcmpl-\(id)"))
      let choice = try #require(body["choices"]?[0])
      #expect(choice["message"]?["role"] == "assistant")
      #expect(choice["message"]?["content"] == "Swifts sleep in flight.")
      #expect(choice["finish_reason"] == "stop")
      #expect(body["usage"]?["prompt_tokens"] == 4)
      #expect(body["usage"]?["completion_tokens"] == 5)
      #expect(body["usage"]?["total_tokens"] == 9)
      #expect(
        body["usage"]?["prompt_tokens_details"]
          == ["cached_tokens": 0, "cache_write_tokens": 0])
      #expect(body["usage"]?["completion_tokens_details"]?["reasoning_tokens"] == 0)
    }
  }

  @Test func aStreamHasRoleThenTextThenReasonThenUsageThenDone() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(
        Self.chat(["stream": true, "stream_options": ["include_usage": true]]))
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "text/event-stream; charset=utf-8")
      #expect(answer.headers["x-ai-generated"] == "true")
      #expect(try answer.streamedText == "Swifts sleep in flight.")
      #expect(answer.events.last == "[DONE]")
      let chunks = try answer.events.dropLast().map { try JSONValue.parse($0) }
      #expect(chunks.count == 8)
      #expect(chunks[0]["choices"]?[0]?["delta"]?["role"] == "assistant")
      #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
      #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null })
      #expect(chunks[6]["choices"]?[0]?["finish_reason"] == "stop")
      #expect(chunks[7]["choices"] == [])
      #expect(chunks[7]["usage"]?["total_tokens"] == 9)
    }
  }

  @Test func aStreamWithoutTheOptionHasNoUsage() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(Self.chat(["stream": true]))
      #expect(!answer.body.contains("usage"))
      #expect(answer.events.count == 8)
    }
  }

  @Test func textIsEscapedInBothForms() async throws {
    let pieces = ["\"quoted\"\n", "tab\t\u{1}", "back\\slash", "🐦", "é</script>"]
    try await RunningServer.serving(FakeEngine(pieces)) { server in
      let plain = try await server.chat(Self.chat)
      #expect(
        try plain.json["choices"]?[0]?["message"]?["content"] == .string(pieces.joined()))
      let streamed = try await server.chat(Self.chat(["stream": true]))
      #expect(try streamed.streamedText == pieces.joined())
    }
  }

  @Test func anEmptyAnswerIsAnAnswer() async throws {
    try await RunningServer.serving(FakeEngine([])) { server in
      #expect(
        try await server.chat(Self.chat).json["choices"]?[0]?["message"]?["content"] == "")
      let streamed = try await server.chat(Self.chat(["stream": true]))
      #expect(streamed.events.count == 3)
      #expect(streamed.events.last == "[DONE]")
    }
  }

  @Test(arguments: ["max_tokens", "max_completion_tokens"])
  func theLimitOnTokensEndsAnAnswer(field: String) async throws {
    try await RunningServer.serving { server in
      let body = try await server.chat(Self.chat([field: 2])).json
      #expect(body["choices"]?[0]?["finish_reason"] == "length")
      #expect(body["choices"]?[0]?["message"]?["content"] == "Swifts sleep")
      #expect(body["usage"]?["completion_tokens"] == 2)
    }
  }

  @Test func theEngineGetsWhatTheFieldsSay() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(
        Self.chat([
          "temperature": 0.25, "top_p": 0.5, "top_k": 7, "min_p": 0.125, "presence_penalty": -1,
          "frequency_penalty": 1.5, "repeat_penalty": 1.25, "repeat_last_n": 32, "seed": -1,
          "stop": ["a", "b"], "max_tokens": 9, "ignore_eos": true, "n": 1, "user": "somebody",
          "metadata": ["a": "b"], "logprobs": false, "tools": [], "stream": .null,
          "an_unknown_field": [1, 2],
        ]))
      #expect(answer.status == 200)
      let request = try #require(engine.lastRequest)
      var expected = SamplingOptions()
      expected.temperature = 0.25
      expected.topP = 0.5
      expected.topK = 7
      expected.minP = 0.125
      expected.presencePenalty = -1
      expected.frequencyPenalty = 1.5
      expected.repeatPenalty = 1.25
      expected.repeatLastN = 32
      expected.seed = .max
      #expect(request.sampling == expected)
      #expect(request.stop == ["a", "b"])
      #expect(request.maxTokens == 9)
      #expect(request.ignoreEndOfGeneration)
    }
  }

  @Test func absentFieldsMeanWhatOpenAIDocuments() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      #expect(try await server.chat(Self.chat).status == 200)
      let request = try #require(engine.lastRequest)
      #expect(request.sampling.temperature == 1)
      #expect(request.sampling.topP == 1)
      #expect(request.sampling.topK == 0)
      #expect(request.sampling.minP == 0)
      #expect(request.sampling.repeatPenalty == 1)
      #expect(request.sampling.seed == nil)
      #expect(request.maxTokens == nil)
      #expect(request.stop == [])
    }
  }

  @Test(
    arguments: [
      ([["role": "user", "content": "one two"]], 2),
      ([["role": "developer", "content": "be kind"], ["role": "user", "content": "one"]], 3),
      (
        [
          [
            "role": "user",
            "content": [["type": "text", "text": "one two"], ["type": "text", "text": "three"]],
          ]
        ], 3
      ),
      (
        [
          ["role": "system", "content": "s"], ["role": "user", "content": "u", "name": "bob"],
          ["role": "assistant", "content": "a"], ["role": "user", "content": "v w"],
        ], 5
      ),
    ] as [(JSONValue, Int64)])
  func messagesOfEveryKindAreRead(messages: JSONValue, tokens: Int64) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(Self.chat(["messages": messages]))
      #expect(try answer.json["usage"]?["prompt_tokens"] == .integer(tokens))
    }
  }

  @Test func oneConnectionServesManyRequests() async throws {
    try await RunningServer.serving { server in
      let body = Self.chat.serialized()
      let streamed = Self.chat(["stream": true]).serialized()
      try await RawConnection.open(port: server.port) { exchange in
        for text in [body, streamed, body, streamed] {
          try await exchange.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
              + "\(text.utf8.count)\r\nContent-Type: application/json\r\n\r\n\(text)")
          #expect(try await exchange.answer().status == 200)
        }
      }
    }
  }
}
