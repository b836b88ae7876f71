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

  @Test func aGrammarReachesTheEngine() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await server.chat(
        ChatCompletionTests.chat(["grammar": #"root ::= "yes" | "no""#]))
      #expect(answer.status == 200)
      let constraint = try #require(engine.lastRequest?.constraint)
      #expect(try constraint.accepts("yes") && !constraint.accepts("perhaps"))
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
        ]))
      #expect(answer.status == 200)
      let sampling = try #require(engine.lastRequest?.sampling)
      #expect(sampling.logitBias == [7: -100, 9: 2.5])
      #expect(sampling.minTokens == 3 && sampling.typicalP == 0.5 && sampling.topNSigma == 0)
      #expect(sampling.xtcProbability == 0.25 && sampling.mirostat == .two)
      #expect(sampling.mirostatTau == 4)
    }
  }
}
