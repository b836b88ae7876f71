// The Responses API: whole, streamed, and what it cannot do without a memory.

import APIServer
import JSON
import Testing

@Suite struct ResponsesTests {
  static func request(_ changes: JSONObject = [:]) -> String {
    var object: JSONObject = [
      "model": "swift-1", "input": "How do swifts sleep?", "instructions": "Be brief.",
    ]
    for (key, value) in changes { object[key] = value }
    return JSONValue.object(object).serialized()
  }

  @Test func aWholeResponseHasItsShape() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post("/v1/responses", Self.request())
      #expect(answer.status == 200)
      let body = try answer.json
      #expect(body["object"] == "response")
      #expect(body["status"] == "completed")
      #expect(body["store"] == false)
      #expect(body["output"]?[0]?["content"]?[0]?["text"] == "Swifts sleep in flight.")
      #expect(body["usage"]?["input_tokens"] == 6)
      #expect(body["usage"]?["total_tokens"] == 11)
      #expect(
        body["usage"]?["input_tokens_details"] == ["cached_tokens": 0, "cache_write_tokens": 0])
    }
  }

  @Test func aCutAnswerIsIncomplete() async throws {
    try await RunningServer.serving { server in
      let body = try await server.post(
        "/v1/responses", Self.request(["max_output_tokens": 2])
      ).json
      #expect(body["status"] == "incomplete")
      #expect(body["incomplete_details"]?["reason"] == "max_output_tokens")
    }
  }

  @Test func aStreamIsNumberedAndEndsWithTheWhole() async throws {
    let engine = FakeEngine(
      ["<think>Hm.</think>", "Let me see. ", "<tool_call>{\"name\":\"time\",\"arguments\":{}}"],
      template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post(
        "/v1/responses",
        Self.request(["stream": true, "tools": [["type": "function", "name": "time"]]]))
      let events = try MessagesTests.events(answer)
      #expect(events.map { $0["sequence_number"]?.intValue } == Array(0..<events.count))
      #expect(
        events.compactMap { $0["type"]?.stringValue } == [
          "response.created", "response.in_progress", "response.output_item.added",
          "response.reasoning_text.delta", "response.reasoning_text.done",
          "response.output_item.done", "response.output_item.added",
          "response.content_part.added", "response.output_text.delta",
          "response.output_text.done", "response.content_part.done",
          "response.output_item.done", "response.output_item.added",
          "response.function_call_arguments.delta", "response.function_call_arguments.done",
          "response.output_item.done", "response.completed",
        ])
      let output = try #require(events.last?["response"]?["output"]?.arrayValue)
      #expect(output.map { $0["type"] } == ["reasoning", "message", "function_call"])
      #expect(output[2]["name"] == "time")
      #expect(output[2]["arguments"] == "{}")
      #expect(events.last?["response"]?["usage"]?["output_tokens"] == 3)
    }
  }

  /// Words, and a call within its arguments, behind an item that is whole.
  @Test(arguments: [
    (["<think>Hm.</think>", "Let me", " see."], 2, "message"),
    (
      [
        "Let me see. ", #"<tool_call>{"name":"time","arguments":{"zone":"#, "1}}</tool_call>",
      ], 2, "function_call"
    ),
  ])
  func theItemThatWasCutOffIsIncomplete(
    pieces: [String], count: Int64, type: String
  ) async throws {
    let engine = FakeEngine(pieces, template: ToolCallTests.hermes)
    @Sendable func states(_ output: JSONValue?) -> [JSONValue?] {
      (output?.arrayValue ?? []).map { $0["status"] }
    }
    try await RunningServer.serving(engine) { server in
      for (limit, last) in [(count, "incomplete"), (10, "completed")] {
        let changes: JSONObject = [
          "max_output_tokens": .integer(limit), "tools": [["type": "function", "name": "time"]],
        ]
        let whole = try await server.post("/v1/responses", Self.request(changes)).json
        #expect(whole["output"]?[1]?["type"] == .string(type))
        #expect(states(whole["output"]) == ["completed", .string(last)])
        var streamed = changes
        streamed["stream"] = true
        let answer = try await server.post("/v1/responses", Self.request(streamed))
        let events = try MessagesTests.events(answer)
        let done = events.filter { $0["type"] == "response.output_item.done" }
        #expect(done.map { $0["item"]?["status"] } == ["completed", .string(last)])
        #expect(events.last?["type"] == .string("response.\(last)"))
        #expect(states(events.last?["response"]?["output"]) == ["completed", .string(last)])
      }
    }
  }

  private static func thought(_ text: String) -> JSONValue {
    [
      "type": "reasoning", "id": "rs_1", "summary": [],
      "content": [["type": "reasoning_text", "text": .string(text)]],
    ]
  }

  @Test func whatWasThoughtGoesToTheMessageBehindIt() async throws {
    let call: JSONValue = [
      "type": "function_call", "call_id": "c", "name": "time", "arguments": "{}",
    ]
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post(
        "/v1/responses",
        Self.request([
          "input": [
            ["role": "user", "content": "one"], Self.thought("A."), call,
            ["type": "function_call_output", "call_id": "c", "output": "noon"], Self.thought("B."),
            ["role": "assistant", "content": "Noon."], Self.thought("C."), call,
            ["type": "function_call_output", "call_id": "c", "output": "noon"], Self.thought("D."),
            ["role": "user", "content": "two"],
          ]
        ]))
      #expect(answer.status == 200, "\(answer.body)")
    }
    #expect(
      engine.lastMessages.filter { $0.role != "system" }.map {
        "\($0.role) \($0.extra["reasoning_content"]?.stringValue ?? "")"
      } == [
        "user ", "assistant A.", "tool ", "assistant B.\nC.", "tool ", "user ",
      ])
  }

  @Test func callsSideBySideAreOneMessageWhateverWasThoughtBetweenThem() async throws {
    func call(_ id: String) -> JSONValue {
      ["type": "function_call", "call_id": .string(id), "name": "time", "arguments": "{}"]
    }
    func output(_ id: String) -> JSONValue {
      ["type": "function_call_output", "call_id": .string(id), "output": "noon"]
    }
    let input: JSONValue = [
      ["role": "user", "content": "one"], Self.thought("A."), Self.thought("B."), call("a"),
      Self.thought("C."), call("b"), output("a"), output("b"), Self.thought("D."), call("c"),
      output("c"),
    ]
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post("/v1/responses", Self.request(["input": input]))
      #expect(answer.status == 200, "\(answer.body)")
    }
    let messages = engine.lastMessages.filter { $0.role == "assistant" }
    #expect(
      messages.map { $0.extra["reasoning_content"]?.stringValue } == ["A.\nB.\nC.", "D."])
    #expect(messages.map { $0.extra["tool_calls"]?.arrayValue?.count } == [2, 1])
  }

  @Test func itemsOfEveryKindAreRead() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post(
        "/v1/responses",
        Self.request([
          "input": [
            ["role": "user", "content": [["type": "input_text", "text": "one"]]],
            ["type": "reasoning", "summary": []],
            ["type": "function_call", "call_id": "c", "name": "time", "arguments": "{}"],
            ["type": "function_call_output", "call_id": "c", "output": "noon"],
          ]
        ]))
      #expect(answer.status == 200)
    }
  }

  @Test(
    arguments: [
      (["store": true], "store"), (["previous_response_id": "resp_1"], "previous_response_id"),
      (["background": true], "background"), (["conversation": "c"], "conversation"),
      (["tools": [["type": "web_search"]]], "tools[0].type"),
      (["text": ["format": ["type": "xml"]]], "text.format.type"),
      (["text": ["format": ["type": "json_schema"]]], "text.format.schema"),
      (["text": ["verbosity": "brief"]], "text.verbosity"),
      (["include": ["everything"]], "include[0]"), (["truncation": "auto"], "truncation"),
      (["input": []], "input"), (["reasoning": ["effort": "high"]], "reasoning.effort"),
      (["input": 5], "input"),
      (["input": [["type": "item_reference", "id": "a"]]], "input[0].type"),
      (["moderation": ["model": "m"]], "moderation"),
      (["context_management": [["type": "compaction"]]], "context_management"),
      (["background_options": ["a": 1]], "background_options"),
      (["reasoning": ["mode": "pro"]], "reasoning.mode"),
      (["reasoning": ["context": "all_turns"]], "reasoning.context"),
    ] as [(JSONObject, String)])
  func whatCannotBeDoneIsNamed(change: JSONObject, param: String) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post("/v1/responses", Self.request(change))
      #expect(answer.status == 400)
      #expect(try answer.json["error"]?["param"] == .string(param))
    }
  }

  @Test func anAnswerRepeatsWhatWasAsked() async throws {
    let format: JSONValue = [
      "type": "json_schema", "name": "bird", "schema": ["type": "object"], "strict": true,
    ]
    let cases: [(JSONObject, String, JSONValue)] = [
      ([:], "text", ["format": ["type": "text"], "verbosity": "medium"]),
      (["text": ["verbosity": "low"]], "text", ["format": ["type": "text"], "verbosity": "low"]),
      (["text": ["format": format]], "text", ["format": format, "verbosity": "medium"]),
      ([:], "tool_choice", "auto"), (["tool_choice": "none"], "tool_choice", "none"),
      ([:], "temperature", 1.0), (["temperature": .null], "temperature", 1.0),
      (["temperature": 0.7], "temperature", 0.7), (["top_p": 0.123456789], "top_p", 0.123456789),
    ]
    try await RunningServer.serving(FakeEngine(["{}"])) { server in
      for (change, member, echo) in cases {
        let answer = try await server.post("/v1/responses", Self.request(change))
        #expect(answer.status == 200, "\(answer.body)")
        #expect(try answer.json[member] == echo)
      }
    }
  }

  /// Clients that keep nothing either ask for it, as OpenAI would encrypt it for them.
  @Test func encryptedReasoningMayBeIncluded() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post(
        "/v1/responses", Self.request(["include": ["reasoning.encrypted_content"]]))
      #expect(answer.status == 200)
      #expect(try answer.json["output"]?[0]?["content"]?[0]?["logprobs"] == [])
    }
  }

  @Test func anEarlierRefusalIsTheAssistantsText() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let refusal: JSONValue = [
        "role": "assistant", "content": [["type": "refusal", "refusal": "I can not"]],
      ]
      let user: JSONValue = ["role": "user", "content": "Fly"]
      let answers = [
        try await server.post(
          "/v1/responses",
          Self.request(["input": [user, refusal, user], "instructions": .null])),
        try await server.chat(ChatCompletionTests.chat(["messages": [user, refusal, user]])),
        try await server.chat(
          ChatCompletionTests.chat([
            "messages": [
              user, ["role": "assistant", "content": .null, "refusal": "I can not"], user,
            ]
          ])),
      ]
      for answer in answers {
        #expect(answer.status == 200, "\(answer.body)")
        let usage = try answer.json["usage"]
        // A token for each word.
        #expect((usage?["input_tokens"] ?? usage?["prompt_tokens"]) == 5)
      }
      let stray = try await server.chat(
        ChatCompletionTests.chat([
          "messages": [["role": "user", "content": [["type": "refusal", "refusal": "no"]]]]
        ]))
      #expect(stray.status == 400)
    }
  }

  /// Clients that put the response together take nothing before its beginning.
  @Test func aStreamThatFailsFirstBeginsAllTheSame() async throws {
    // The tag says nothing yet.
    try await RunningServer.serving(FakeEngine(["<think>", "Hm."], .fail)) { server in
      let answer = try await server.post(
        "/v1/responses", Self.request(["stream": true, "reasoning": ["mode": "standard"]]))
      let events = try MessagesTests.events(answer)
      #expect(
        events.map { $0["type"] } == [
          "response.created", "response.in_progress", "response.failed",
        ])
      #expect(events.map { $0["sequence_number"] } == [0, 1, 2])
    }
  }

  @Test func tokensOfAnInputAreCounted() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post("/v1/responses/input_tokens", Self.request())
      #expect(answer.status == 200)
      // A token for each word of instructions and input.
      #expect(try answer.json == ["object": "response.input_tokens", "input_tokens": 6])
    }
    #expect(engine.startCount == 0)
  }
}
