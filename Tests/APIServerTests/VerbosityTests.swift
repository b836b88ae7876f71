// How long an answer is to be goes to the model's template, and nothing else is done with it.

import APIServer
import JSON
import Testing

@Suite struct VerbosityTests {
  @Test(
    arguments: [
      ("/v1/chat/completions", [:], nil),
      ("/v1/chat/completions", ["verbosity": "low"], "low"),
      (
        "/v1/chat/completions",
        ["verbosity": "low", "chat_template_kwargs": ["verbosity": "terse"]], "terse"
      ),
      ("/v1/responses", ["text": ["verbosity": "high"]], "high"),
    ] as [(String, JSONObject, JSONValue?)])
  func verbosityIsAVariableOfTheTemplate(
    path: String, change: JSONObject, expected: JSONValue?
  ) async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine, configure: { $0.isStrict = true }) { server in
      var body: JSONObject = ["model": "swift-1"]
      if path == "/v1/responses" {
        body["input"] = "a"
      } else {
        body["messages"] = [["role": "user", "content": "a"]]
      }
      for (key, value) in change { body[key] = value }
      let answer = try await server.post(path, JSONValue.object(body).serialized())
      #expect(answer.status == 200, "\(answer.body)")
    }
    #expect(engine.lastVariables["verbosity"] == expected)
  }
}
