// Calls of functions as models of each kind write them, whole and cut into any pieces.

import APIServer
import JSON
import Testing

/// What a model wrote, and what is to be made of it.
struct ToolCase: Sendable, CustomTestStringConvertible {
  let name: String
  let template: String
  let output: String
  var text: String?
  var calls: [[String]] = []
  var reasoning: String?
  /// Whether the answer ends within its last call.
  var isCutOff = false

  var testDescription: String { name }
}

@Suite struct ToolCallTests {
  static let hermes = "{% if tools %}<tool_call>{% endif %}"
  static let llama3 = "{% if tools %}ipython <|python_tag|>{% endif %}"
  static let mistral = "{% if tools %}[TOOL_CALLS]{% endif %}"
  static let granite = "{% if tools %}<|tool_call|>{% endif %}"
  static let plain = "{{ messages }}"

  static let cases: [ToolCase] = [
    ToolCase(
      name: "Hermes", template: hermes,
      output:
        "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>",
      calls: [["weather", "{\"city\": \"Bern\"}"]]),
    ToolCase(
      name: "Hermes, two calls behind words", template: hermes,
      output: "Let me look.\n<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"}\"}}"
        + "</tool_call>\n<tool_call>{\"arguments\":{\"a\":[1,{}]},\"name\":\"time\"}</tool_call>",
      text: "Let me look.\n",
      calls: [["weather", "{\"city\":\"}\"}"], ["time", "{\"a\":[1,{}]}"]]),
    ToolCase(
      name: "Hermes behind reasoning", template: hermes,
      output: "<think>\nBern, surely.\n</think>\n\n<tool_call>\n{\"name\": \"time\", "
        + "\"arguments\": {}}\n</tool_call>",
      calls: [["time", "{}"]], reasoning: "Bern, surely.\n"),
    ToolCase(
      name: "Hermes, arguments as text", template: hermes,
      output: "<tool_call>{\"name\":\"time\",\"arguments\":\"{\\\"zone\\\":1}\"}</tool_call>",
      calls: [["time", "{\"zone\":1}"]]),
    ToolCase(
      name: "Hermes, a function that is not there", template: hermes,
      output: "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>",
      text: "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>"),
    ToolCase(
      name: "Hermes, no call", template: hermes, output: "1 < 2 and <tool is no mark",
      text: "1 < 2 and <tool is no mark"),
    ToolCase(
      name: "Llama 3", template: llama3,
      output: "{\"name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}",
      calls: [["weather", "{\"city\": \"Bern\"}"]]),
    ToolCase(
      name: "Llama 3 with its tag, two calls", template: llama3,
      output: "<|python_tag|>{\"name\":\"time\",\"parameters\":{}}; "
        + "{\"name\":\"weather\",\"parameters\":{\"city\":\"x\"}}",
      calls: [["time", "{}"], ["weather", "{\"city\":\"x\"}"]]),
    ToolCase(
      name: "Llama 3, JSON that is no call", template: llama3, output: "{\"a\": 1} is JSON.",
      text: "{\"a\": 1} is JSON."),
    ToolCase(
      name: "Mistral", template: mistral,
      output: "[TOOL_CALLS][{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}, "
        + "{\"name\": \"time\", \"arguments\": {}}]",
      calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]]),
    ToolCase(
      name: "Mistral, name first", template: mistral,
      output: "[TOOL_CALLS]weather[ARGS]{\"city\": \"Bern\"}",
      calls: [["weather", "{\"city\": \"Bern\"}"]]),
    ToolCase(
      name: "Granite", template: granite,
      output: "<|tool_call|>[{\"name\": \"time\", \"arguments\": {\"zone\": \"CET\"}}]",
      calls: [["time", "{\"zone\": \"CET\"}"]]),
    ToolCase(
      name: "any other model", template: plain,
      output: " {\"name\": \"time\", \"arguments\": {\"zone\": \"CET\"}}",
      calls: [["time", "{\"zone\": \"CET\"}"]]),
    ToolCase(
      name: "any other model, words", template: plain, output: "It is noon. {\"name\":\"time\"}",
      text: "It is noon. {\"name\":\"time\"}"),
    ToolCase(
      name: "any other model, a link", template: plain, output: "[Source](https://example.org)",
      text: "[Source](https://example.org)"),
    ToolCase(
      name: "reasoning", template: plain, output: "<think>Hm.</think>Noon.", text: "Noon.",
      reasoning: "Hm."),
    ToolCase(name: "half a tag", template: plain, output: "<thi", text: "<thi"),
    ToolCase(
      name: "a call cut off", template: hermes,
      output: "<tool_call>{\"name\":\"time\",\"arguments\":{\"zo",
      calls: [["time", "{\"zo"]], isCutOff: true),
    ToolCase(
      name: "a second call cut off", template: hermes,
      output: "<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"
        + "<tool_call>{\"name\":\"time\",\"arguments\":{\"zo",
      calls: [["time", "{}"], ["time", "{\"zo"]], isCutOff: true),
  ]

  static let chat: JSONObject = [
    "model": "swift-1", "messages": [["role": "user", "content": "Is it raining?"]],
    "tools": [
      ["type": "function", "function": ["name": "weather", "description": "Tells the weather"]],
      [
        "type": "function",
        "function": ["name": "time", "parameters": ["type": "object", "properties": [:]]],
      ],
    ],
  ]

  /// Cuts a text into pieces of so many characters.
  private func pieces(_ text: String, of length: Int) -> [String] {
    var rest = text[...]
    var pieces: [String] = []
    while !rest.isEmpty {
      pieces.append(String(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return pieces
  }

  @Test(arguments: cases + ToolCase.formats, [1, 3, 1000])
  func callsAreFoundWhole(_ test: ToolCase, length: Int) async throws {
    let engine = FakeEngine(pieces(test.output, of: length), template: test.template)
    try await RunningServer.serving(engine) { server in
      let body = try await server.chat(.object(Self.chat)).json
      let choice = try #require(body["choices"]?[0])
      let message = try #require(choice["message"])
      #expect(message["content"]?.stringValue ?? "" == test.text ?? "")
      #expect(message["reasoning_content"]?.stringValue == test.reasoning)
      let calls = message["tool_calls"]?.arrayValue ?? []
      #expect(
        calls.map {
          [
            $0["function"]?["name"]?.stringValue ?? "",
            $0["function"]?["arguments"]?.stringValue ?? "",
          ]
        } == test.calls)
      #expect(Set(calls.map { $0["id"]?.stringValue }).count == calls.count)
      #expect(choice["finish_reason"] == (calls.isEmpty || test.isCutOff ? "stop" : "tool_calls"))
    }
  }

  @Test(arguments: cases + ToolCase.formats, [1, 2, 3, 5, 1000])
  func callsAreStreamed(_ test: ToolCase, length: Int) async throws {
    let engine = FakeEngine(pieces(test.output, of: length), template: test.template)
    try await RunningServer.serving(engine) { server in
      var request = Self.chat
      request["stream"] = true
      let answer = try await server.chat(.object(request))
      var text = ""
      var reasoning: String?
      var calls: [[String]] = []
      for event in answer.events.dropLast() {
        let delta = try #require(try JSONValue.parse(event)["choices"]?[0]?["delta"])
        text += delta["content"]?.stringValue ?? ""
        if let more = delta["reasoning_content"]?.stringValue {
          reasoning = (reasoning ?? "") + more
        }
        guard let call = delta["tool_calls"]?[0] else { continue }
        let index = try #require(call["index"]?.intValue)
        if let name = call["function"]?["name"]?.stringValue {
          #expect(index == calls.count)
          calls.append([name, ""])
        }
        calls[index][1] += call["function"]?["arguments"]?.stringValue ?? ""
      }
      #expect(text == test.text ?? "")
      #expect(reasoning == test.reasoning)
      #expect(calls == test.calls)
    }
  }

  @Test func reasoningIsCounted() async throws {
    let engine = FakeEngine(["<think>", "one", "two", "</think>", "Noon", "."])
    try await RunningServer.serving(engine) { server in
      let body = try await server.chat(ChatCompletionTests.chat).json
      let usage = try #require(body["usage"])
      #expect(usage["completion_tokens"] == 6)
      #expect(usage["completion_tokens_details"]?["reasoning_tokens"] == 4)
    }
  }

  @Test func oneCallIsEnoughWhereTheClientSaysSo() async throws {
    let call = "<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"
    try await RunningServer.serving(FakeEngine([call, call], template: Self.hermes)) { server in
      var request = Self.chat
      request["parallel_tool_calls"] = false
      let message = try await server.chat(.object(request)).json["choices"]?[0]?["message"]
      #expect(message?["tool_calls"]?.arrayValue?.count == 1)
    }
  }

  @Test(arguments: [
    ("{% if enable_thinking %}{% endif %}", "none", 200),
    ("{% if enable_thinking %}{% endif %}", "high", 200), ("{{ '<think>' }}", "low", 200),
    ("{{ reasoning_effort }}", "high", 200), ("{{ messages }}", "low", 400),
    ("{{ messages }}", "none", 200), ("{{ reasoning_effort }}", "much", 400),
  ])
  func effortIsTakenWhereTheModelThinks(template: String, effort: String, status: Int)
    async throws
  {
    try await RunningServer.serving(FakeEngine(template: template)) { server in
      let chat = try await server.chat(
        ChatCompletionTests.chat(["reasoning_effort": .string(effort)]))
      #expect(chat.status == status)
      let response = try await server.post(
        "/v1/responses", ResponsesTests.request(["reasoning": ["effort": .string(effort)]]))
      #expect(response.status == status)
    }
  }

  @Test func theTemplateForFunctionsTellsHowTheyAreCalled() async throws {
    let call = "<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"
    let engine = FakeEngine([call], template: Self.plain, toolTemplate: Self.hermes)
    try await RunningServer.serving(engine) { server in
      let called = try await server.chat(.object(Self.chat)).json["choices"]?[0]
      #expect(called?["finish_reason"] == "tool_calls")
      #expect(engine.lastVariables["tools"]?.arrayValue?.count == 2)
      let plain = try await server.chat(ChatCompletionTests.chat).json["choices"]?[0]
      #expect(plain?["message"]?["content"]?.stringValue == call)
      #expect(engine.lastVariables["tools"] == nil)
    }
  }

  @Test func callsAndTheirResultsAreReadBack() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat([
        "model": "swift-1",
        "messages": [
          ["role": "user", "content": "one"],
          [
            "role": "assistant", "content": .null,
            "tool_calls": [
              [
                "id": "call_1", "type": "function",
                "function": ["name": "time", "arguments": "{\"zone\":1}"],
              ]
            ],
          ],
          ["role": "tool", "tool_call_id": "call_1", "content": "noon"],
        ],
      ])
      #expect(answer.status == 200)
    }
  }

  /// Many clients write no text for no arguments; a template would print it as it is.
  @Test(
    arguments: [
      ("", [:]), (" \n", [:]), ("{}", [:]), ("{\"a\":1}", ["a": 1]), ("now", "now"), ("[1]", "[1]"),
    ] as [(String, JSONValue)])
  func argumentsWithoutTextAreNone(written: String, read: JSONValue) async throws {
    let engine = FakeEngine(template: Self.hermes)
    try await RunningServer.serving(engine) { server in
      let function: JSONValue = ["name": "time", "arguments": .string(written)]
      let chat: JSONValue = [
        "model": "swift-1",
        "messages": [
          ["role": "user", "content": "one"],
          [
            "role": "assistant", "content": .null,
            "tool_calls": [["id": "call_1", "type": "function", "function": function]],
          ],
          ["role": "tool", "tool_call_id": "call_1", "content": "noon"],
        ],
      ]
      #expect(try await server.chat(chat).status == 200)
      let responses: JSONValue = [
        "model": "swift-1",
        "input": [
          ["role": "user", "content": "one"],
          [
            "type": "function_call", "call_id": "c", "name": "time", "arguments": .string(written),
          ],
          ["type": "function_call_output", "call_id": "c", "output": "noon"],
        ],
      ]
      let first = engine.lastMessages
      #expect(try await server.post("/v1/responses", responses.serialized()).status == 200)
      for messages in [first, engine.lastMessages] {
        let message = try #require(messages.first { $0.role == "assistant" })
        let call = message.extra["tool_calls"]?[0]?["function"]
        #expect(call?["arguments"] == read)
      }
    }
  }
}
