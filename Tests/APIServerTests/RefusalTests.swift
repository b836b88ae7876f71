// What is wrong with a request is said with a status, a code and the field's name.

import APIServer
import JSON
import Testing

/// A change to a good request, and how it has to be refused.
struct BadField: Sendable, CustomTestStringConvertible {
  let change: JSONObject
  let code: String
  let param: String
  init(_ change: JSONObject, _ code: String, _ param: String) {
    self.change = change
    self.code = code
    self.param = param
  }
  var testDescription: String { JSONValue.object(change).serialized() }
}

@Suite struct RefusalTests {
  static let fields: [BadField] = [
    BadField(["model": .null], "missing_required_parameter", "model"),
    BadField(["model": 3], "invalid_type", "model"),
    BadField(["model": "gone"], "model_not_found", "model"),
    BadField(["messages": .null], "missing_required_parameter", "messages"),
    BadField(["messages": []], "empty_array", "messages"),
    BadField(["messages": "hello"], "invalid_type", "messages"),
    BadField(["messages": ["hello"]], "invalid_type", "messages[0]"),
    BadField(["messages": [["content": "x"]]], "missing_required_parameter", "messages[0].role"),
    BadField(["messages": [["role": "user"]]], "missing_required_parameter", "messages[0].content"),
    BadField(
      ["messages": [["role": "king", "content": "x"]]], "invalid_value", "messages[0].role"),
    BadField(
      ["messages": [["role": "tool", "content": "x"]]], "missing_required_parameter",
      "messages[0].tool_call_id"),
    BadField(
      ["messages": [["role": "user", "content": 5]]], "invalid_type", "messages[0].content"),
    BadField(
      ["messages": [["role": "user", "content": []]]], "empty_array", "messages[0].content"),
    BadField(
      ["messages": [["role": "user", "content": [["type": "image_url"]]]]], "unsupported_value",
      "messages[0].content[0].type"),
    BadField(
      ["messages": [["role": "user", "content": [["type": "text"]]]]],
      "missing_required_parameter", "messages[0].content[0].text"),
    BadField(
      ["messages": [["role": "assistant", "content": "x", "tool_calls": [["id": "1"]]]]],
      "missing_required_parameter", "messages[0].tool_calls[0].function"),
    BadField(["temperature": -0.1], "decimal_below_min_value", "temperature"),
    BadField(["temperature": 2.1], "decimal_above_max_value", "temperature"),
    BadField(["temperature": "hot"], "invalid_type", "temperature"),
    BadField(["top_p": 1.5], "decimal_above_max_value", "top_p"),
    BadField(["top_k": -2], "integer_below_min_value", "top_k"),
    BadField(["top_k": 1.5], "invalid_type", "top_k"),
    BadField(["min_p": 2], "decimal_above_max_value", "min_p"),
    BadField(["presence_penalty": 3], "decimal_above_max_value", "presence_penalty"),
    BadField(["frequency_penalty": -3], "decimal_below_min_value", "frequency_penalty"),
    BadField(["repeat_penalty": 0], "decimal_below_min_value", "repeat_penalty"),
    BadField(["seed": 1e300], "integer_above_max_value", "seed"),
    BadField(["seed": -1e300], "integer_below_min_value", "seed"),
    BadField(["seed": 0.5], "invalid_type", "seed"),
    BadField(["max_tokens": 0], "integer_below_min_value", "max_tokens"),
    BadField(["max_tokens": -1], "integer_below_min_value", "max_tokens"),
    BadField(["max_tokens": 1e18], "integer_above_max_value", "max_tokens"),
    BadField(["max_tokens": 1e30], "integer_above_max_value", "max_tokens"),
    BadField(["max_tokens": 1, "max_completion_tokens": 2], "invalid_value", "max_tokens"),
    BadField(["stop": 5], "invalid_type", "stop"),
    BadField(["stop": ["a", 1]], "invalid_type", "stop[1]"),
    BadField(
      ["stop": .array(Array(repeating: "a", count: 17))], "array_above_max_length", "stop"),
    BadField(["stop": ""], "invalid_value", "stop"),
    BadField(["stream": "yes"], "invalid_type", "stream"),
    BadField(["stream_options": ["include_usage": true]], "invalid_value", "stream_options"),
    BadField(["stream": true, "stream_options": 1], "invalid_type", "stream_options"),
    BadField(["n": 9], "integer_above_max_value", "n"),
    BadField(["seed": .largeInteger("9223372036854775808")], "integer_above_max_value", "seed"),
    BadField(["seed": .largeInteger("-9223372036854775809")], "integer_below_min_value", "seed"),
    BadField(["logprobs": 1], "invalid_type", "logprobs"),
    BadField(["top_logprobs": 3], "invalid_value", "top_logprobs"),
    BadField(["logprobs": true, "top_logprobs": 21], "integer_above_max_value", "top_logprobs"),
    BadField(["logit_bias": ["swift": 5]], "invalid_value", "logit_bias"),
    BadField(["logit_bias": ["1": 500]], "decimal_above_max_value", "logit_bias.1"),
    BadField(["logit_bias": ["3": 1, "2147483647": 5]], "invalid_token", "logit_bias"),
    BadField(["stop_token_ids": [0, 2_147_483_647]], "invalid_token", "stop_token_ids"),
    BadField(["dry_multiplier": -1], "decimal_below_min_value", "dry_multiplier"),
    BadField(["dry_base": 0.5], "decimal_below_min_value", "dry_base"),
    BadField(["dry_sequence_breakers": [""]], "invalid_value", "dry_sequence_breakers[0]"),
    BadField(["stop_token_ids": [-1]], "invalid_type", "stop_token_ids[0]"),
    BadField(["continue_final_message": true], "invalid_value", "continue_final_message"),
    BadField(
      ["continue_final_message": true, "add_generation_prompt": true], "invalid_value",
      "continue_final_message"),
    BadField(
      ["tools": [["type": "function"]]], "missing_required_parameter", "tools[0].function"),
    BadField(["tools": [["type": "web_search"]]], "unsupported_value", "tools[0].type"),
    BadField(
      ["tools": [["type": "function", "function": ["name": "a b"]]]], "invalid_value",
      "tools[0].function.name"),
    BadField(
      [
        "tools": [
          ["type": "function", "function": ["name": "f", "parameters": ["type": "string"]]]
        ]
      ],
      "invalid_value", "tools[0].function.parameters.type"),
    BadField(["tool_choice": "required"], "invalid_value", "tool_choice"),
    BadField(["verbosity": "brief"], "invalid_value", "verbosity"),
    BadField(["response_format": ["type": "xml"]], "invalid_value", "response_format.type"),
    BadField(
      ["response_format": ["type": "json_schema"]], "missing_required_parameter",
      "response_format.json_schema"),
    BadField(
      [
        "response_format": [
          "type": "json_schema", "json_schema": ["strict": true, "schema": ["type": "bird"]],
        ]
      ], "invalid_constraint", "response_format.json_schema.schema"),
    BadField(
      ["response_format": ["type": "json_schema", "json_schema": ["schema": "bird"]]],
      "invalid_constraint", "response_format.json_schema.schema"),
    BadField(
      ["response_format": ["type": "json_object", "schema": ["type": "bird"]]],
      "invalid_constraint", "response_format.schema"),
    BadField(["guided_json": "{"], "invalid_constraint", "guided_json"),
    BadField(["guided_regex": "("], "invalid_constraint", "guided_regex"),
    BadField(["guided_choice": []], "empty_array", "guided_choice"),
    BadField(["guided_choice": ["a", 1]], "invalid_type", "guided_choice[1]"),
    BadField(["guided_grammar": "root ::= root x"], "invalid_constraint", "guided_grammar"),
    BadField(
      ["guided_whitespace_pattern": "x"], "unsupported_parameter", "guided_whitespace_pattern"),
    BadField(
      ["structured_outputs": ["structural_tag": "x"]], "unsupported_parameter",
      "structured_outputs.structural_tag"),
    BadField(
      ["structured_outputs": ["disable_any_whitespace": true, "json": [:]]],
      "unsupported_parameter", "structured_outputs.disable_any_whitespace"),
    BadField(
      ["structured_outputs": ["regex": "a", "choice": ["a"]]], "invalid_value",
      "structured_outputs.regex"),
    BadField(
      ["guided_regex": "a", "structured_outputs": ["choice": ["a"]]], "invalid_value",
      "guided_regex"),
    BadField(["bad_words": ["a"]], "unsupported_parameter", "bad_words"),
    BadField(["allowed_token_ids": [1]], "unsupported_parameter", "allowed_token_ids"),
    BadField(["prompt_logprobs": 1], "unsupported_parameter", "prompt_logprobs"),
    BadField(["n_predict": -2], "integer_below_min_value", "n_predict"),
    BadField(["n_predict": 5, "max_tokens": 6], "invalid_value", "n_predict"),
    BadField(
      ["repetition_penalty": 1.5, "repeat_penalty": 1.25], "invalid_value", "repetition_penalty"),
    BadField(["grammar": "root ::= root x"], "invalid_constraint", "grammar"),
    BadField(
      ["grammar": #"root ::= "x""#, "response_format": ["type": "json_object"]], "invalid_value",
      "response_format.type"),
    BadField(["reasoning_effort": "high"], "unsupported_parameter", "reasoning_effort"),
    BadField(["modalities": ["audio"]], "unsupported_parameter", "modalities"),
    BadField(["store": true], "unsupported_parameter", "store"),
  ]

  @Test(arguments: fields)
  func aBadFieldIsRefusedByName(_ bad: BadField) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(ChatCompletionTests.chat(bad.change))
      #expect(answer.status == (bad.code == "model_not_found" ? 404 : 400))
      let error = try #require(try answer.json["error"])
      #expect(error["code"] == .string(bad.code))
      #expect(error["param"] == .string(bad.param))
      #expect(error["type"] == "invalid_request_error")
      #expect(error["message"]?.stringValue?.isEmpty == false)
    }
  }

  @Test(arguments: [
    ("", "invalid_json"), ("{", "invalid_json"), ("[]", "invalid_type"),
    ("nonsense", "invalid_json"),
    ("{\"model\":\"swift-1\",}", "invalid_json"), ("{\"a\":NaN}", "invalid_json"),
    ("{} {}", "invalid_json"), ("\"text\"", "invalid_type"), ("null", "invalid_type"),
    (String(repeating: "[", count: 5000), "json_too_large"),
    ("{\"a\":\"\\ud800\"}", "invalid_json"),
  ])
  func aBodyThatIsNoObjectIsRefused(body: String, code: String) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.post("/v1/chat/completions", body)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
    }
  }

  @Test func strictModeRefusesWhatNobodyKnows() async throws {
    try await RunningServer.serving(configure: { $0.isStrict = true }) { server in
      let answer = try await server.chat(ChatCompletionTests.chat(["temprature": 1]))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "unknown_parameter")
      #expect(try answer.json["error"]?["param"] == "temprature")
      #expect(try await server.chat(ChatCompletionTests.chat(["temperature": 1])).status == 200)
    }
  }

  @Test(arguments: ["custom", "web_search"])
  func toolsOfOtherKindsAreRefusedForTheirKind(type: String) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat(["tools": [["type": .string(type)]]]))
      #expect(
        try answer.json["error"]?["message"]
          == "'tools[0].type' must be 'function': tools of other kinds are not supported.")
    }
  }

  @Test func aStrangeFieldNameIsNotRepeated() async throws {
    try await RunningServer.serving(configure: { $0.isStrict = true }) { server in
      let answer = try await server.chat(ChatCompletionTests.chat(["my secret text": 1]))
      #expect(try answer.errorCode == "unknown_parameter")
      #expect(!answer.body.contains("secret"))
    }
  }

  @Test func aPromptThatFillsTheContextIsRefused() async throws {
    try await RunningServer.serving(FakeEngine(contextLength: 4)) { server in
      let answer = try await server.chat(ChatCompletionTests.chat)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "context_length_exceeded")
    }
  }

  @Test func aBaseModelCannotChatAndSaysSo() async throws {
    try await RunningServer.serving(FakeEngine([], .base)) { server in
      let answer = try await server.chat(ChatCompletionTests.chat)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "chat_template_missing")
      #expect(
        try answer.json["error"]?["message"]?.stringValue?.contains("--chat-template") == true)
    }
  }

  @Test func aFullQueueIsA503ThatSaysWhenToComeBack() async throws {
    try await RunningServer.serving(FakeEngine([], .refuse)) { server in
      let answer = try await server.chat(ChatCompletionTests.chat)
      #expect(answer.status == 503)
      #expect(try answer.errorCode == "server_is_overloaded")
      #expect(answer.headers["retry-after"] == "1")
      #expect(answer.headers["x-should-retry"] == "true")
    }
  }

  @Test(arguments: [(FakeEngine.Behaviour.fail, 500), (.stop, 503)])
  func aFailureIsAnErrorAndInAStreamAnErrorEventWithoutTheEnding(
    behaviour: FakeEngine.Behaviour, status: Int
  ) async throws {
    try await RunningServer.serving(FakeEngine(["one", "two"], behaviour)) { server in
      #expect(try await server.chat(ChatCompletionTests.chat).status == status)
      let streamed = try await server.chat(ChatCompletionTests.chat(["stream": true]))
      #expect(streamed.status == 200)
      #expect(!streamed.events.contains("[DONE]"))
      let last = try JSONValue.parse(try #require(streamed.events.last))
      #expect(last["error"]?["code"]?.stringValue != nil)
    }
  }
}
