// Calls that are wanted: what answers may then be, for every way of writing calls.

import APIServer
import Constraints
import JSON
import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct ToolChoiceTests {
  private static let weather: JSONValue = [
    "type": "function",
    "function": [
      "name": "weather",
      "parameters": [
        "type": "object", "properties": ["city": ["enum": ["Bern", "Thun"]]], "required": ["city"],
      ],
    ],
  ]
  private static let time: JSONValue = ["type": "function", "function": ["name": "time"]]

  /// A function whose schema refers to nowhere.
  private static func impossible(isStrict: Bool) -> JSONValue {
    [
      "type": "function",
      "function": [
        "name": "f", "strict": .bool(isStrict),
        "parameters": ["type": "object", "$ref": "#/nowhere"],
      ],
    ]
  }

  private func constraint(
    _ changes: JSONObject, template: String = ToolCallTests.hermes
  ) async throws -> Constraint? {
    let engine = FakeEngine(template: template)
    try await RunningServer.serving(engine) { server in
      var chat: JSONObject = ["tools": [Self.weather, Self.time]]
      for (key, value) in changes { chat[key] = value }
      let answer = try await server.chat(ChatCompletionTests.chat(chat))
      #expect(answer.status == 200, "\(answer.body)")
    }
    return try #require(engine.lastRequest).constraint
  }

  /// Every case of recorded calls satisfies what a wanted call may be, and words do not.
  @Test(arguments: (ToolCallTests.cases + ToolCase.formats).filter { !$0.calls.isEmpty })
  func recordedCallsSatisfyTheGrammar(_ test: ToolCase) throws {
    let format = ToolFormat(template: test.template)
    let functions = ["weather", "time"].map {
      CallableFunction(name: $0, parameters: ["type": "object"])
    }
    let several = try Constraint.parts(format.calls(of: functions, several: true))
    #expect(try !several.accepts("It is noon."))
    // What a model of this way writes for one call, by the grammar's own shortest text.
    let one = try Constraint.parts(
      format.calls(of: [functions[1]], several: false))
    var parser = OutputParser(
      OutputReading(
        readsChannels: format == .channels,
        tools: ToolReading(format: format, functions: functions)))
    var matcher = one.matcher
    let text = String(decoding: try matcher.shortest(from: matcher.start), as: UTF8.self)
    var content = AnswerContent()
    for piece in parser.finish(text) { content.append(piece) }
    #expect(content.calls.map(\.name) == ["time"], "\(text)")
    #expect(content.calls.map(\.arguments) == ["{}"], "\(text)")
    #expect(content.text.isEmpty)
  }

  @Test func aRequiredCallIsAllThatMayCome() async throws {
    let found = try #require(try await constraint(["tool_choice": "required"]))
    let call =
      "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>"
    #expect(try found.accepts(call))
    #expect(try found.accepts(call + "\n" + call))
    #expect(try !found.accepts(call.replacing("Bern", with: "Rome")))
    #expect(try !found.accepts(call.replacing("weather", with: "rain")))
    // A list of properties is that of the parameters.
    #expect(try !found.accepts(call.replacing("\"Bern\"", with: "\"Bern\", \"zip\": 1")))
    #expect(try !found.accepts("It rains."))
    let single = try #require(
      try await constraint(["tool_choice": "required", "parallel_tool_calls": false]))
    #expect(try single.accepts(call) && !single.accepts(call + "\n" + call))
  }

  @Test func aNamedFunctionIsTheOnlyOne() async throws {
    let found = try #require(
      try await constraint([
        "tool_choice": ["type": "function", "function": ["name": "time"]]
      ]))
    #expect(try found.accepts("<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"))
    // A function without a schema has no parameters.
    #expect(
      try !found.accepts("<tool_call>{\"name\":\"time\",\"arguments\":{\"a\":1}}</tool_call>"))
    #expect(
      try !found.accepts(
        "<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Bern\"}}</tool_call>"))
  }

  @Test func aModelThatThinksDoesSoFirst() async throws {
    let template = ToolCallTests.hermes + "{{ '<think>' }}"
    let found = try #require(
      try await constraint(["tool_choice": "required"], template: template))
    let call = "<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"
    #expect(try found.accepts("<think>\nA <tool_call>?\n</think>\n\n" + call))
    #expect(try found.accepts(call))
    #expect(try !found.accepts("<think>Hm.</think>Noon."))
    let format = try #require(
      try await constraint(
        ["tools": [], "response_format": ["type": "json_object"]], template: template))
    #expect(try format.accepts("<think>{</think>{\"a\":1}") && !format.accepts("<think>{</think>x"))
  }

  @Test func aFormatAndToolsGoTogether() async throws {
    let schema: JSONValue = ["type": "object", "properties": [:], "additionalProperties": false]
    let found = try #require(
      try await constraint([
        "response_format": ["type": "json_schema", "json_schema": ["schema": schema]]
      ]))
    #expect(try found.accepts("{}"))
    #expect(try found.accepts("<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"))
    #expect(try !found.accepts("noon"))
  }

  @Test func aFreeChoiceIsHeldToBehindItsMark() async throws {
    let found = try #require(try await constraint([:]))
    #expect(found.triggers == [Array("<tool_call>".utf8)])
    #expect(try found.accepts("\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>"))
    #expect(try await constraint([:], template: ToolCallTests.plain) == nil)
    #expect(try await constraint(["tool_choice": "none"]) == nil)
  }

  @Test func aSchemaThatCannotBeFollowedIsRefusedWhereItIsStrict() async throws {
    let loose = try await constraint([
      "tools": [Self.impossible(isStrict: false)], "tool_choice": "required",
    ])
    #expect(
      try loose?.accepts("<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":1}}</tool_call>") == true)
    try await RunningServer.serving(FakeEngine(template: ToolCallTests.hermes)) { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat([
          "tools": [Self.impossible(isStrict: true)], "tool_choice": "required",
        ]))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "invalid_constraint")
    }
  }

  @Test func aSchemaOfAFunctionIsHeldToItsBytes() async throws {
    try await RunningServer.serving(
      FakeEngine(template: ToolCallTests.hermes),
      configure: { $0.limits.constraintBytes = 64 }
    ) { server in
      let long = JSONValue.string(String(repeating: "a", count: 64))
      let tool: JSONValue = [
        "type": "function",
        "function": ["name": "f", "parameters": ["type": "object", "description": long]],
      ]
      let answer = try await server.chat(ChatCompletionTests.chat(["tools": [tool]]))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "constraint_too_large")
      let short = try await server.chat(ChatCompletionTests.chat(["tools": [Self.time]]))
      #expect(short.status == 200)
    }
  }

  @Test(arguments: [
    ("/v1/messages", #""tool_choice":{"type":"any"}"#),
    ("/v1/messages", #""tool_choice":{"type":"tool","name":"time"}"#),
    ("/v1/responses", #""tool_choice":"required""#),
    ("/v1/responses", #""tool_choice":{"type":"function","name":"time"}"#),
  ])
  func otherShapesAskForCallsToo(path: String, choice: String) async throws {
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let body =
        path == "/v1/messages"
        ? #"{"model":"swift-1","max_tokens":9,"messages":[{"role":"user","content":"a"}],"#
          + #""tools":[{"name":"time","input_schema":{"type":"object"}}],"# + choice + "}"
        : #"{"model":"swift-1","input":"a","tools":[{"type":"function","name":"time"}],"# + choice
          + "}"
      let answer = try await server.post(path, body)
      #expect(answer.status == 200, "\(answer.body)")
    }
    let constraint = try #require(engine.lastRequest?.constraint)
    #expect(try constraint.accepts("<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"))
  }

  /// The names of functions as `tool_choice` allows them in chats.
  private static func allowing(_ mode: JSONValue, _ names: String...) -> JSONValue {
    [
      "type": "allowed_tools",
      "allowed_tools": [
        "mode": mode,
        "tools": .array(
          names.map { ["type": "function", "function": ["name": .string($0)]] }),
      ],
    ]
  }

  private static let timeCall = "<tool_call>{\"name\":\"time\",\"arguments\":{}}</tool_call>"
  private static let weatherCall =
    "<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Bern\"}}</tool_call>"

  @Test func ofAllowedToolsOneMayBeRequired() async throws {
    let found = try #require(
      try await constraint(["tool_choice": Self.allowing("required", "time")]))
    #expect(try found.accepts(Self.timeCall))
    #expect(try !found.accepts(Self.weatherCall) && !found.accepts("It is noon."))
    let both = try #require(
      try await constraint(["tool_choice": Self.allowing("required", "time", "weather")]))
    #expect(try both.accepts(Self.timeCall) && both.accepts(Self.weatherCall))
  }

  @Test func allowedToolsAreAllThatMayBeCalledByFreeChoice() async throws {
    let found = try #require(try await constraint(["tool_choice": Self.allowing("auto", "time")]))
    #expect(found.triggers == [Array("<tool_call>".utf8)])
    #expect(try found.accepts("{\"name\":\"time\",\"arguments\":{}}</tool_call>"))
    let mark = "<tool_call>".utf8.count
    #expect(try !found.accepts(String(Self.weatherCall.dropFirst(mark))))
  }

  /// A model that thinks is not held to a grammar by free choice, and writes what it likes.
  @Test(arguments: [("time", 1), ("weather", 0)])
  func aCallThatIsNotAllowedStaysText(allowed: String, callCount: Int) async throws {
    let engine = FakeEngine([Self.timeCall], template: ToolCallTests.hermes + "{{ '<think>' }}")
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat([
          "tools": [Self.weather, Self.time], "tool_choice": Self.allowing("auto", allowed),
        ]))
      #expect(answer.status == 200, "\(answer.body)")
      let message = try answer.json["choices"]?[0]?["message"]
      #expect((message?["tool_calls"]?.arrayValue ?? []).count == callCount)
      #expect((message?["content"] == .string(Self.timeCall)) == (callCount == 0))
    }
  }

  @Test func aResponseTellsWhichToolsWereAllowed() async throws {
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let choice: JSONValue = [
        "type": "allowed_tools", "mode": "required",
        "tools": [["type": "function", "name": "time"]],
      ]
      let body: JSONValue = [
        "model": "swift-1", "input": "a", "tool_choice": choice,
        "tools": [["type": "function", "name": "time"], ["type": "function", "name": "rain"]],
      ]
      let answer = try await server.post("/v1/responses", body.serialized())
      #expect(answer.status == 200, "\(answer.body)")
      #expect(try answer.json["tool_choice"] == choice)
    }
    let constraint = try #require(engine.lastRequest?.constraint)
    #expect(try constraint.accepts(Self.timeCall))
    #expect(
      try !constraint.accepts("<tool_call>{\"name\":\"rain\",\"arguments\":{}}</tool_call>"))
  }

  @Test(
    arguments: [
      (allowing("auto", "rain"), "invalid_value", "allowed_tools.tools[0].function.name"),
      (allowing("often", "time"), "invalid_value", "allowed_tools.mode"),
      (allowing("auto"), "empty_array", "allowed_tools.tools"),
      (["type": "allowed_tools"], "missing_required_parameter", "mode"),
      (["type": "allowed_tools", "mode": "auto"], "missing_required_parameter", "tools"),
      (
        ["type": "allowed_tools", "mode": "auto", "tools": [["type": "mcp"]]], "unsupported_value",
        "tools[0].type"
      ),
    ] as [(JSONValue, String, String)])
  func badAllowedToolsAreNamed(choice: JSONValue, code: String, param: String) async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat(["tools": [Self.weather, Self.time], "tool_choice": choice]))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"] == .string("tool_choice." + param))
    }
  }

  @Test(
    arguments: [
      (["tool_choice": "sometimes"], "invalid_value", "tool_choice"),
      (["tool_choice": 5], "invalid_type", "tool_choice"),
      (["tool_choice": "required", "tools": []], "invalid_value", "tool_choice"),
      (["tool_choice": ["type": "function"]], "missing_required_parameter", "tool_choice.function"),
      (
        ["tool_choice": ["type": "function", "function": ["name": "rain"]]], "invalid_value",
        "tool_choice.function.name"
      ),
      (["tool_choice": ["type": "custom"]], "unsupported_value", "tool_choice.type"),
    ] as [(JSONObject, String, String)])
  func aBadChoiceIsNamed(change: JSONObject, code: String, param: String) async throws {
    try await RunningServer.serving { server in
      var chat = ToolCallTests.chat
      for (key, value) in change { chat[key] = value }
      let answer = try await server.chat(.object(chat))
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"] == .string(param))
    }
  }

  @Test(.enabled(if: Fixtures.isPresent, Fixtures.absence), arguments: ToolCase.templates)
  func theRealTemplatesTellTheirFormat(file: String, format: String) throws {
    let source = String(decoding: try Fixtures.bytes("templates/\(file).jinja"), as: UTF8.self)
    #expect("\(ToolFormat(template: source))" == format)
  }
}
