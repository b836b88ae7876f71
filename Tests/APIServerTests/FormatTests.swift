// What answers must be, on its way from a request to the engine.

import JSON
import Metering
import Testing
import Transformer

@Suite struct FormatTests {
  private static let schema: JSONValue = [
    "type": "object", "properties": ["bird": ["enum": ["swift", "swallow"]]],
    "required": ["bird"], "additionalProperties": false,
  ]

  @Test(
    arguments: [
      (["response_format": ["type": "json_schema", "json_schema": ["schema": schema]]], false),
      (["json_schema": schema], false),
      (["response_format": ["type": "json_object"]], true),
      (["response_format": ["type": "json_object", "schema": schema]], false),
      (["guided_json": schema], false),
      (["guided_json": .string(schema.serialized())], false),
      (["structured_outputs": ["json": schema]], false),
      (["structured_outputs": ["json_object": true]], true),
    ] as [(JSONObject, Bool)])
  func aChatsFormatReachesTheEngine(change: JSONObject, takesAnyObject: Bool) async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(ChatCompletionTests.chat(change))
      #expect(answer.status == 200)
      let constraint = try #require(engine.lastRequest?.constraint)
      #expect(try constraint.accepts(#"{"bird":"swift"}"#))
      #expect(try constraint.accepts(#"{"bird":"owl"}"#) == takesAnyObject)
      #expect(try !constraint.accepts("swift"))
    }
  }

  @Test func aFormatOfTheResponsesAPIReachesTheEngine() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let format: JSONValue = ["type": "json_schema", "name": "bird", "schema": Self.schema]
      let answer = try await server.post(
        "/v1/responses", ResponsesTests.request(["text": ["format": format]]))
      #expect(answer.status == 200)
      let constraint = try #require(engine.lastRequest?.constraint)
      #expect(try constraint.accepts(#"{"bird":"swift"}"#) && !constraint.accepts("{}"))
    }
  }

  @Test func aFormatOfMessagesReachesTheEngine() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let format: JSONValue = ["type": "json_schema", "schema": Self.schema]
      let answer = try await server.post(
        "/v1/messages", MessagesTests.request(["output_config": ["format": format]]))
      #expect(answer.status == 200)
      let constraint = try #require(engine.lastRequest?.constraint)
      #expect(try constraint.accepts(#"{"bird":"swift"}"#) && !constraint.accepts("{}"))
    }
  }

  @Test(
    arguments: [
      ["grammar": #"root ::= "yes" | "no""#], ["guided_grammar": #"root ::= "yes" | "no""#],
      ["guided_regex": "yes|no"], ["guided_choice": ["yes", "no"]],
      ["structured_outputs": ["grammar": #"root ::= "yes" | "no""#]],
      ["structured_outputs": ["regex": "^(yes|no)$", "disable_fallback": true]],
      ["structured_outputs": ["choice": ["yes", "no"]], "guided_decoding_backend": "auto"],
    ] as [JSONObject])
  func aGrammarReachesTheEngine(change: JSONObject) async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(ChatCompletionTests.chat(change))
      #expect(answer.status == 200)
      let constraint = try #require(engine.lastRequest?.constraint)
      #expect(try constraint.accepts("yes") && !constraint.accepts("perhaps"))
    }
  }

  /// A schema of which the first property's pattern cannot be enforced.
  private static let partial: JSONValue = [
    "type": "object",
    "properties": [
      "word": ["type": "string", "pattern": #"\bx"#], "count": ["type": "integer"],
    ], "required": ["word", "count"], "additionalProperties": false,
  ]

  private static func ask(
    _ server: RunningServer, _ schema: JSONValue, _ isStrict: JSONValue
  ) async throws -> HTTPAnswer {
    try await server.chat(
      ChatCompletionTests.chat([
        "response_format": [
          "type": "json_schema", "json_schema": ["strict": isStrict, "schema": schema],
        ]
      ]))
  }

  @Test(arguments: [.null, false] as [JSONValue])
  func aSchemaThatIsNotStrictLosesWhatCannotBeEnforced(isStrict: JSONValue) async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      #expect(try await Self.ask(server, Self.partial, isStrict).status == 200)
      let constraint = try #require(engine.lastRequest?.constraint)
      #expect(try constraint.accepts(#"{"word":"y","count":1}"#))
      #expect(try !constraint.accepts(#"{"word":"y","count":"1"}"#))
      // Where that does not help either it is any value of the type.
      let lost: JSONValue = ["type": "array", "items": ["$ref": "#/nowhere"]]
      #expect(try await Self.ask(server, lost, isStrict).status == 200)
      let free = try #require(engine.lastRequest?.constraint)
      #expect(try free.accepts("[1]") && !free.accepts("{}"))
      // And where it names none, or none that is known, any value.
      let nameless: [JSONValue] = [
        ["anyOf": [["type": "array", "items": ["$ref": "#/nowhere"]]]],
        ["type": "bird", "properties": ["a": ["$ref": "#/nowhere"]]],
      ]
      for schema in nameless {
        #expect(try await Self.ask(server, schema, isStrict).status == 200)
        let any = try #require(engine.lastRequest?.constraint)
        #expect(try any.accepts("[1]") && any.accepts("{}"))
      }
    }
  }

  @Test(arguments: ["/v1/chat/completions", "/v1/responses"])
  func aStrictSchemaThatCannotBeEnforcedIsRefusedAsByOpenAI(path: String) async throws {
    var format: JSONObject = ["name": "bird", "strict": true, "schema": Self.partial]
    var body: JSONObject = ["model": "swift-1"]
    if path.hasSuffix("responses") {
      format["type"] = "json_schema"
      body["input"] = "Hello"
      body["text"] = ["format": .object(format)]
    } else {
      body["messages"] = [["role": "user", "content": "Hello"]]
      body["response_format"] = ["type": "json_schema", "json_schema": .object(format)]
    }
    let text = JSONValue.object(body).serialized()
    try await RunningServer.serving { server in
      let answer = try await server.post(path, text)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "invalid_constraint")
      let message = try answer.json["error"]?["message"]?.stringValue
      #expect(message?.hasPrefix("Invalid schema for response_format") == true)
    }
  }

  @Test func aFunctionThatIsNotStrictLosesOneKeyword() async throws {
    let engine = FakeEngine(template: ToolCallTests.hermes)
    try await RunningServer.serving(engine) { server in
      let tool: JSONValue = [
        "type": "function", "function": ["name": "f", "parameters": Self.partial],
      ]
      let answer = try await server.chat(
        ChatCompletionTests.chat(["tools": [tool], "tool_choice": "required"]))
      #expect(answer.status == 200)
      let constraint = try #require(engine.lastRequest?.constraint)
      func call(_ arguments: String) -> String {
        "<tool_call>\n{\"name\": \"f\", \"arguments\": \(arguments)}\n</tool_call>"
      }
      #expect(try constraint.accepts(call(#"{"word": "y", "count": 1}"#)))
      #expect(try !constraint.accepts(call(#"{"word": "y"}"#)))
    }
  }

  @Test func constraintsAreCompiledOnBehalfOfTheAccount() async throws {
    let engine = FakeEngine()
    try await withMeter { meter, store in
      let key = try store.createKey(label: #require(ShortName("test")))
      meter.refreshKeys()
      try await RunningServer.serving(engine, meter: meter) { server in
        let header = ["Authorization: Bearer \(key.text)"]
        let chat = ChatCompletionTests.chat(["response_format": ["type": "json_object"]])
        #expect(try await server.chat(chat, headers: header).status == 200)
        let text: JSONValue = [
          "model": "swift-1", "prompt": "Say yes.", "grammar": #"root ::= "yes""#,
        ]
        let answer = try await server.post("/v1/completions", text.serialized(), headers: header)
        #expect(answer.status == 200)
      }
      #expect(engine.constraintOwners == ["account \(key.record.account.rawValue)"])
    }
  }

  @Test func textIsFree() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat(["response_format": ["type": "text"]]))
      #expect(answer.status == 200)
      #expect(engine.lastRequest != nil && engine.lastRequest?.constraint == nil)
    }
  }

  @Test func optionsOfSamplingReachTheEngine() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat([
          "logit_bias": ["7": -100, "9": 2.5], "min_tokens": 3, "typical_p": 0.5,
          "top_n_sigma": -1, "xtc_probability": 0.25, "mirostat": 2, "mirostat_tau": 4,
          "adaptive_target": 0.5, "adaptive_decay": 0.75, "repetition_penalty": 1.5,
          "n_predict": 7, "bad_words": [],
        ]))
      #expect(answer.status == 200)
      let sampling = try #require(engine.lastRequest?.sampling)
      #expect(sampling.logitBias == [7: -100, 9: 2.5])
      #expect(sampling.minTokens == 3 && sampling.typicalP == 0.5 && sampling.topNSigma == 0)
      #expect(sampling.xtcProbability == 0.25 && sampling.mirostat == .two)
      #expect(sampling.mirostatTau == 4)
      #expect(sampling.adaptiveTarget == 0.5 && sampling.adaptiveDecay == 0.75)
      #expect(sampling.repeatPenalty == 1.5 && sampling.repeatLastN == -1)
      #expect(engine.lastRequest?.maxTokens == 7)
    }
  }

  @Test func aRepetitionPenaltyKeepsToTheTextThatIsNamed() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let penalties: JSONObject = ["repetition_penalty": 1.5, "repeat_last_n": 32, "n_predict": -1]
      let answer = try await server.chat(ChatCompletionTests.chat(penalties))
      #expect(answer.status == 200)
      #expect(engine.lastRequest?.sampling.repeatLastN == 32)
      #expect(engine.lastRequest?.maxTokens == nil)
    }
  }
}
