// What strict mode refuses within a request, and what it takes.

import APIServer
import JSON
import Testing

@Suite struct StrictModeTests {
  private static let function: JSONValue = ["name": "time", "arguments": "{}"]

  @Test(
    arguments: [
      (
        ["messages": [["role": "user", "content": "x", "colour": 1]]], "messages[0].colour"
      ),
      (
        [
          "messages": [["role": "user", "content": [["type": "text", "text": "x", "bold": true]]]]
        ],
        "messages[0].content[0].bold"
      ),
      (
        [
          "messages": [
            ["role": "user", "content": "x"],
            [
              "role": "assistant",
              "tool_calls": [["id": "1", "type": "function", "function": function, "to": "x"]],
            ],
          ]
        ], "messages[1].tool_calls[0].to"
      ),
      (
        ["tools": [["type": "function", "function": ["name": "f"], "strict": true]]],
        "tools[0].strict"
      ),
      (
        ["tools": [["type": "function", "function": ["name": "f", "schema": [:]]]]],
        "tools[0].function.schema"
      ),
    ] as [(JSONObject, String)])
  func strictModeLooksWithinMessagesAndTools(change: JSONObject, param: String) async throws {
    try await RunningServer.serving(configure: { $0.isStrict = true }) { server in
      let answer = try await server.chat(ChatCompletionTests.chat(change))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "unknown_parameter")
      #expect(try answer.json["error"]?["param"] == .string(param))
    }
    try await RunningServer.serving { server in
      let answer = try await server.chat(ChatCompletionTests.chat(change))
      #expect(answer.status == 200)
    }
  }

  /// What a client got it may send back.
  @Test func strictModeTakesAnswersBack() async throws {
    try await RunningServer.serving(configure: { $0.isStrict = true }) { server in
      let call: JSONValue = [
        "index": 0, "id": "1", "type": "function", "function": Self.function,
      ]
      let chat = ChatCompletionTests.chat([
        "messages": [
          ["role": "user", "content": "x"],
          [
            "role": "assistant", "content": .null, "refusal": .null, "annotations": [],
            "audio": .null, "function_call": .null, "reasoning_content": "Hm.",
            "tool_calls": [call],
          ],
          ["role": "tool", "tool_call_id": "1", "content": "noon"],
        ],
        "tools": [
          [
            "type": "function",
            "function": [
              "name": "time", "description": "Tells it", "strict": false,
              "parameters": ["type": "object", "x-any": 1],
            ],
          ]
        ],
      ])
      let answer = try await server.chat(chat)
      #expect(answer.status == 200, "\(answer.body)")
    }
  }

  /// What a client got elsewhere it may send back.
  @Test func strictModeLetsItemsAndBlocksHoldMore() async throws {
    let part: JSONValue = ["type": "input_text", "text": "x", "colour": 1]
    let block: JSONValue = ["type": "text", "text": "x", "colour": 1]
    let responses: JSONValue = [
      ["role": "user", "content": [part]],
      ["type": "function_call", "call_id": "c", "name": "time", "arguments": "{}"],
      ["type": "function_call_output", "call_id": "c", "output": [part]],
    ]
    let blocks: JSONObject = [
      "system": [block],
      "messages": [
        ["role": "user", "content": [block]],
        [
          "role": "assistant",
          "content": [["type": "tool_use", "id": "c", "name": "time", "input": [:]]],
        ],
        [
          "role": "user",
          "content": [["type": "tool_result", "tool_use_id": "c", "content": [block]]],
        ],
      ],
    ]
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine, configure: { $0.isStrict = true }) { server in
      let first = try await server.post(
        "/v1/responses", ResponsesTests.request(["input": responses]))
      #expect(first.status == 200, "\(first.body)")
      let second = try await server.post("/v1/messages", MessagesTests.request(blocks))
      #expect(second.status == 200, "\(second.body)")
    }
  }

  @Test func strictModePassesOverWhatIsNull() async throws {
    try await RunningServer.serving(configure: { $0.isStrict = true }) { server in
      let chat = try await server.chat(
        ChatCompletionTests.chat([
          "colour": .null,
          "messages": [["role": "user", "content": "x", "colour": .null]],
        ]))
      #expect(chat.status == 200, "\(chat.body)")
      let embedding = try await server.post(
        "/v1/embeddings", #"{"model":"swift-1","input":"a","colour":null}"#)
      #expect(embedding.status == 200, "\(embedding.body)")
    }
  }

  private static func tools(_ members: JSONObject) -> (chat: JSONValue, messages: JSONValue) {
    var chat: JSONObject = ["type": "function", "function": ["name": "f"]]
    var messages: JSONObject = ["name": "f", "input_schema": ["type": "object"]]
    for (key, value) in members {
      chat[key] = value
      messages[key] = value
    }
    return ([.object(chat)], [.object(messages)])
  }

  @Test func strictModeTakesWhatTheAPIsHaveAndWhatChangesNothing() async throws {
    let tools = Self.tools([
      "async": false, "defer_loading": false, "allowed_callers": ["direct", "programmatic"],
      "eager_input_streaming": true, "input_examples": [[:]], "output_schema": ["type": "object"],
    ])
    let part: JSONValue = ["type": "text", "text": "x", "prompt_cache_breakpoint": ["mode": "a"]]
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine, configure: { $0.isStrict = true }) { server in
      let chat = try await server.chat(
        ChatCompletionTests.chat([
          "tools": tools.chat, "messages": [["role": "user", "content": [part]]],
        ]))
      #expect(chat.status == 200, "\(chat.body)")
      let message = try await server.post(
        "/v1/messages", MessagesTests.request(["tools": tools.messages]))
      #expect(message.status == 200, "\(message.body)")
      let response = try await server.post(
        "/v1/responses", ResponsesTests.request(["prompt_cache_options": ["ttl": "30m"]]))
      #expect(response.status == 200, "\(response.body)")
    }
  }

  @Test(
    arguments: [
      ("async", true), ("defer_loading", true), ("allowed_callers", ["programmatic"]),
    ] as [(String, JSONValue)])
  func aToolThatIsCalledOtherwiseIsRefused(name: String, value: JSONValue) async throws {
    let tools = Self.tools([name: value])
    try await RunningServer.serving { server in
      for (path, body) in [
        ("/v1/chat/completions", ChatCompletionTests.chat(["tools": tools.chat]).serialized()),
        ("/v1/messages", MessagesTests.request(["tools": tools.messages])),
      ] {
        let answer = try await server.post(path, body)
        #expect(answer.status == 400)
        #expect(try answer.errorCode == "unsupported_parameter")
        #expect(answer.body.contains("tools[0].\(name)"))
      }
    }
  }

  @Test func strictModeHoldsForKeyHoldersToo() async throws {
    try await SelfServiceBench.run(configure: {
      $0.isStrict = true
      $0.takesAccountRequests = true
    }) { bench in
      for (path, body) in [
        ("/v1/keys/report-leak", #"{"key":"x","why":"y"}"#),
        ("/v1/account/terminate", #"{"confirm":true,"why":"y"}"#),
        ("/v1/account/request", #"{"name":"a","email":"a@example.org","why":"y"}"#),
      ] {
        let answer = try await bench.server.post(
          path, body, headers: bench.bearer(bench.stranger))
        #expect(answer.status == 400, "\(path)")
        #expect(try answer.errorCode == "unknown_parameter", "\(path)")
      }
    }
  }
}
