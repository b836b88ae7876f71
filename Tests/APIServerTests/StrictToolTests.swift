// Strict functions that may be called: answers are words, or calls that their schemas allow.

import Constraints
import JSON
import Testing

/// A way of writing calls, and which answers a strict function leaves.
struct StrictCase: Sendable, CustomTestStringConvertible {
  let name: String
  let template: String
  let accepted: [String]
  let refused: [String]
  var testDescription: String { name }
}

@Suite struct StrictToolTests {
  /// A call as objects have it.
  private static func call(_ arguments: String, _ key: String = "arguments") -> String {
    "{\"name\": \"weather\", \"\(key)\": \(arguments)}"
  }
  private static let good = "{\"city\": \"Bern\"}"
  private static func marked(_ arguments: String) -> String {
    "<tool_call>\n" + call(arguments) + "\n</tool_call>"
  }
  private static let toWeather = "<|channel|>commentary to=functions.weather <|constrain|>json"

  static let cases: [StrictCase] = [
    StrictCase(
      name: "no mark", template: ToolCallTests.plain,
      accepted: ["", "It rains.", " <b>{}</b>", call(good), call(good) + "\n" + call(good)],
      refused: [
        call("{}"), "\n" + call("{}"), "[" + call("{}") + "]", "{\"a\": 1}", "[1]",
        "<think>Hm.</think>" + call("{}"), call(good) + "\n" + call("{}"),
      ]),
    StrictCase(
      name: "no mark but a prefix", template: ToolCallTests.llama3,
      accepted: ["It rains.", "<|", call(good, "parameters")],
      refused: [call("{}", "parameters"), "<|python_tag|>" + call("{}", "parameters")]),
    StrictCase(
      name: "a mark that may be thought of", template: ToolCallTests.hermes + "{{ '<think>' }}",
      accepted: [
        "It rains.", "<think>A <tool_call>?</think>It rains.", marked(good),
        "<think>Hm.</think>\n\nLet me see.\n" + marked(good) + marked(good), "a <tool_cal",
      ],
      refused: [
        marked("{}"), "Let me see." + marked("{}"), "<think>Hm.</think>" + marked("{}"),
        marked(good) + marked("{}"), marked(good) + "It rains." + marked("{}"),
      ]),
    StrictCase(
      name: "channels", template: "{% if tools %}<|channel|><|message|>{% endif %}",
      accepted: [
        "<|channel|>final<|message|>It rains.", toWeather + "<|message|>" + good,
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant" + toWeather + "<|message|>"
          + good,
      ],
      refused: [
        toWeather + "<|message|>{}",
        "<|channel|>final<|message|>a<|end|><|start|>assistant" + toWeather + "<|message|>{}",
      ]),
    StrictCase(
      name: "a mark of words too", template: "{% if tools %}>>>all{% endif %}",
      accepted: [
        "It rains.", ">>>all\nIt rains.", ">>>weather\n" + good,
        ">>>all\nLet me see.\n>>>weather\n" + good,
      ],
      refused: [">>>weather\n{}", ">>>all\nLet me see.\n>>>weather\n{}", "a>>>weather\n{}"]),
  ]

  private static func weather(isStrict: Bool) -> JSONValue {
    [
      "type": "function",
      "function": [
        "name": "weather", "strict": .bool(isStrict),
        "parameters": [
          "type": "object", "properties": ["city": ["enum": ["Bern", "Thun"]]],
          "required": ["city"],
        ],
      ],
    ]
  }

  private func constraint(_ template: String, isStrict: Bool) async throws -> Constraint? {
    let engine = FakeEngine(template: template)
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat(["tools": [Self.weather(isStrict: isStrict)]]))
      #expect(answer.status == 200, "\(answer.body)")
    }
    return try #require(engine.lastRequest).constraint
  }

  @Test(arguments: cases)
  func aStrictFunctionIsHeldToItsSchemaWhateverTheMark(_ test: StrictCase) async throws {
    let found = try #require(try await constraint(test.template, isStrict: true))
    #expect(found.triggers.isEmpty)
    for text in test.accepted { #expect(try found.accepts(text), "\(text)") }
    for text in test.refused { #expect(try !found.accepts(text), "\(text)") }
    #expect(try await constraint(test.template, isStrict: false) == nil)
  }

  @Test(arguments: cases)
  func aStrictSchemaThatCannotBeHeldIsRefused(_ test: StrictCase) async throws {
    try await RunningServer.serving(FakeEngine(template: test.template)) { server in
      let tool: JSONValue = [
        "type": "function",
        "function": [
          "name": "f", "strict": true, "parameters": ["type": "object", "$ref": "#/nowhere"],
        ],
      ]
      let answer = try await server.chat(ChatCompletionTests.chat(["tools": [tool]]))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "invalid_constraint")
      #expect(try answer.json["error"]?["param"] == "tools")
    }
  }
}
