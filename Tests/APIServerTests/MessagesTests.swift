// Anthropic's shape: whole messages, their events, and errors.

import APIServer
import JSON
import Testing

@Suite struct MessagesTests {
  static let request: JSONObject = [
    "model": "swift-1", "max_tokens": 64, "system": "Be brief.",
    "messages": [["role": "user", "content": "How do swifts sleep?"]],
  ]

  static func request(_ changes: JSONObject) -> String {
    var object = request
    for (key, value) in changes { object[key] = value }
    return JSONValue.object(object).serialized()
  }

  @Test func aWholeMessageHasAnthropicsShape() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post("/v1/messages", Self.request([:]))
      #expect(answer.status == 200)
      #expect(answer.headers["request-id"] == answer.headers["x-request-id"])
      let body = try answer.json
      #expect(body["type"] == "message")
      #expect(body["role"] == "assistant")
      #expect(body["content"] == [["type": "text", "text": "Swifts sleep in flight."]])
      #expect(body["stop_reason"] == "end_turn")
      #expect(body["stop_sequence"] == .null)
      #expect(body["usage"]?["input_tokens"] == 6)
      #expect(body["usage"]?["output_tokens"] == 5)
    }
  }

  @Test func theStopTextThatEndedAMessageIsTold() async throws {
    try await RunningServer.serving { server in
      let whole = try await server.post(
        "/v1/messages", Self.request(["stop_sequences": ["END"]])
      ).json
      #expect(whole["stop_reason"] == "stop_sequence")
      #expect(whole["stop_sequence"] == "END")
      let streamed = try await server.post(
        "/v1/messages", Self.request(["stop_sequences": ["END"], "stream": true]))
      let end = try #require(try Self.events(streamed).dropLast().last)
      #expect(end["delta"] == ["stop_reason": "stop_sequence", "stop_sequence": "END"])
    }
  }

  @Test func aStreamBuildsTheMessageBlockByBlock() async throws {
    let engine = FakeEngine(["<think>", "Hm.", "</think>", "Noon", "."])
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post("/v1/messages", Self.request(["stream": true]))
      let events = try Self.events(answer)
      #expect(
        events.map { $0["type"]?.stringValue } == [
          "message_start", "content_block_start", "content_block_delta", "content_block_delta",
          "content_block_stop", "content_block_start", "content_block_delta",
          "content_block_delta", "content_block_stop", "message_delta", "message_stop",
        ])
      #expect(events[0]["message"]?["usage"]?["input_tokens"] == 6)
      #expect(events[2]["delta"] == ["type": "thinking_delta", "thinking": "Hm."])
      #expect(events[3]["delta"]?["type"] == "signature_delta" && events[3]["index"] == 0)
      #expect(events[6]["delta"] == ["type": "text_delta", "text": "Noon"])
      #expect(events[6]["index"] == 1)
      #expect(events[9]["delta"]?["stop_reason"] == "end_turn")
      #expect(events[9]["usage"]?["output_tokens"] == 5)
      #expect(events[9]["usage"]?["output_tokens_details"] == ["thinking_tokens": 3])
    }
  }

  @Test(arguments: [false, true]) func aToolIsUsed(isStreamed: Bool) async throws {
    let engine = FakeEngine(
      ["<tool_call>{\"name\":\"time\",", "\"arguments\":{\"zone\":", "1}}</tool_call>"],
      template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post(
        "/v1/messages",
        Self.request([
          "stream": .bool(isStreamed), "tool_choice": ["type": "auto"],
          "tools": [["name": "time", "input_schema": ["type": "object"]]],
        ]))
      if isStreamed {
        let events = try Self.events(answer)
        #expect(events[1]["content_block"]?["name"] == "time")
        let json = events.compactMap { $0["delta"]?["partial_json"]?.stringValue }.joined()
        #expect(json == "{\"zone\":1}")
        #expect(events[events.count - 2]["delta"]?["stop_reason"] == "tool_use")
      } else {
        let block = try #require(try answer.json["content"]?[0])
        #expect(block["type"] == "tool_use")
        #expect(block["input"] == ["zone": 1])
        #expect(try answer.json["stop_reason"] == "tool_use")
      }
    }
  }

  @Test func aCallThatAStopTextCutsOffIsNoToolUse() async throws {
    let engine = FakeEngine(
      ["<tool_call>{\"name\":\"time\",", "\"arguments\":{\"zone\":"],
      template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post(
        "/v1/messages",
        Self.request([
          "stop_sequences": ["CET"],
          "tools": [["name": "time", "input_schema": ["type": "object"]]],
        ]))
      #expect(try answer.json["stop_reason"] == "stop_sequence")
      #expect(try answer.json["stop_sequence"] == "CET")
    }
  }

  @Test func blocksOfEveryKindAreRead() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post(
        "/v1/messages",
        Self.request([
          "messages": [
            ["role": "user", "content": [["type": "text", "text": "one"]]],
            [
              "role": "assistant",
              "content": [
                ["type": "thinking", "thinking": "hm", "signature": ""],
                ["type": "tool_use", "id": "t1", "name": "time", "input": [:]],
              ],
            ],
            [
              "role": "user",
              "content": [
                [
                  "type": "tool_result", "tool_use_id": "t1",
                  "content": [["type": "text", "text": "noon sharp"]],
                ],
                ["type": "text", "text": "thanks"],
              ],
            ],
          ]
        ]))
      #expect(answer.status == 200)
    }
  }

  @Test(
    arguments: [
      (["max_tokens": .null], "missing_required_parameter"),
      (["max_tokens": 0], "integer_below_min_value"),
      (["messages": []], "empty_array"),
      (["messages": [["role": "tool", "content": "x"]]], "invalid_value"),
      (["inference_geo": "us"], "unsupported_parameter"),
      (["speed": "fast"], "unsupported_parameter"),
      (["messages": [["role": "assistant", "content": " "]]], "unsupported_value"),
      (
        [
          "messages": [
            [
              "role": "assistant",
              "content": [
                ["type": "text", "text": "one moment"],
                ["type": "tool_use", "id": "t1", "name": "time", "input": [:]],
              ],
            ]
          ]
        ], "unsupported_value"
      ),
      (["messages": [["role": "user", "content": [["type": "image"]]]]], "unsupported_value"),
      (["tools": [["name": "x"]], "tool_choice": ["type": "some"]], "invalid_value"),
      (["thinking": ["type": "enabled", "budget_tokens": 4]], "unsupported_parameter"),
      (["thinking": ["type": "enabled", "budget_tokens": 1_000_000]], "invalid_value"),
      (["thinking": ["type": "enabled", "budget_tokens": 0]], "integer_below_min_value"),
      (["thinking": ["type": "enabled"]], "missing_required_parameter"),
      (["thinking": ["budget_tokens": 4]], "missing_required_parameter"),
      (["thinking": ["type": "deep"]], "invalid_value"),
      (["output_config": ["effort": "none"]], "invalid_value"),
      (["output_config": ["effort": "high"]], "unsupported_parameter"),
      (["output_config": ["format": ["type": "json_schema"]]], "missing_required_parameter"),
      (["output_config": ["format": ["type": "xml"]]], "invalid_value"),
      (["system": 5], "invalid_type"),
      (["stop_sequences": .array(Array(repeating: "a", count: 17))], "array_above_max_length"),
    ] as [(JSONObject, String)])
  func aBadRequestGetsAnthropicsError(change: JSONObject, code: String) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post("/v1/messages", Self.request(change))
      #expect(answer.status == 400)
      let body = try answer.json
      #expect(body["type"] == "error")
      #expect(body["error"]?["type"] == "invalid_request_error")
      #expect(body["error"]?["code"] == .string(code))
    }
  }

  @Test(
    arguments: [
      ("/v1/messages/batches", 404, "not_found_error"), ("/messages/x/y", 404, "not_found_error"),
      ("/v1/messages/count_tokens/x", 404, "not_found_error"),
      ("/v1/messages", 405, "invalid_request_error"), ("/v1/messagesx", 404, nil),
      ("/v1/nothing", 404, nil),
    ] as [(String, Int, String?)])
  func whatIsNotServedIsToldInTheShapeOfItsNeighbours(
    path: String, status: Int, type: String?
  ) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.get(path)
      #expect(answer.status == status)
      let body = try answer.json
      #expect(body["type"]?.stringValue == (type == nil ? nil : "error"))
      #expect(body["error"]?["type"]?.stringValue == type ?? "invalid_request_error")
      #expect((answer.headers["request-id"] != nil) == (type != nil))
    }
  }

  @Test func tokensAreCountedWithoutAnAnswer() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post(
        "/v1/messages/count_tokens", Self.request(["max_tokens": .null]))
      #expect(try answer.json == ["input_tokens": 6])
    }
  }

  /// The data of a stream's events, whose names are checked.
  static func events(_ answer: HTTPAnswer) throws -> [JSONValue] {
    try answer.body.components(by: "\n\n").filter { !$0.isEmpty }.map { event in
      let lines = event.components(by: "\n")
      let data = try JSONValue.parse(lines[1].dropFirst("data: ".count))
      #expect(lines[0] == "event: \(data["type"]?.stringValue ?? "")")
      return data
    }
  }
}
