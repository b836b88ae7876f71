// What the OpenAPI document says of numbers, texts and lists is what the server takes.

import APIServer
import JSON
import Testing

@Suite struct DocumentRangeTests {
  /// Schemas of the document, the routes that they are for, and the fields that a request needs.
  static let requests: [(String, String, JSONObject)] = [
    (
      "Chat", "/v1/chat/completions",
      ["messages": [["role": "user", "content": "a"]], "logprobs": true]
    ),
    ("Completion", "/v1/completions", ["prompt": "a"]),
    ("ResponseRequest", "/v1/responses", ["input": "a"]),
    (
      "Messages", "/v1/messages",
      ["messages": [["role": "user", "content": "a"]], "max_tokens": 5]
    ),
  ]

  private static let rangeCodes = [
    "integer_below_min_value", "integer_above_max_value", "decimal_below_min_value",
    "decimal_above_max_value",
  ]

  @Test(arguments: requests)
  func numbersAreTakenAsFarAsTheDocumentSaysAndNoFurther(
    schema: String, path: String, fields: JSONObject
  ) async throws {
    try await RunningServer.serving { server in
      let properties = try await Self.properties(of: schema, server)
      var checkedCount = 0
      for name in properties.keys {
        // What is next to the ends of 64 bits is no number of them.
        guard let least = properties[name]?["minimum"], let most = properties[name]?["maximum"],
          most != .integer(.max)
        else { continue }
        let isWhole = properties[name]?["type"] == "integer"
        let cases = [
          (least, true), (most, true), (Self.beside(least, -1, isWhole), false),
          (Self.beside(most, 1, isWhole), false),
        ]
        for (value, isTaken) in cases {
          var body = fields
          body["model"] = "swift-1"
          body[name] = value
          let answer = try await server.post(path, JSONValue.object(body).serialized())
          let isInRange = try !Self.rangeCodes.contains(answer.errorCode ?? "")
          #expect(isInRange == isTaken, "\(name) \(value): \(answer.body)")
        }
        checkedCount += 1
      }
      #expect(checkedCount > 3)
    }
  }

  @Test func textsAndListsAreTakenAsFarAsTheDocumentSaysAndNoFurther() async throws {
    try await RunningServer.serving { server in
      let chat = try await Self.properties(of: "Chat", server)
      let stop = try #require(chat["stop"]?["anyOf"])
      let length = try #require(stop[0]?["maxLength"]?.intValue)
      let stopCount = try #require(stop[1]?["maxItems"]?.intValue)
      let prompt = try await Self.properties(of: "Completion", server)["prompt"]?["anyOf"]?[1]
      let promptCount = try #require(prompt?["maxItems"]?.intValue)
      let input = try await Self.properties(of: "Embedding", server)["input"]?["anyOf"]?[1]
      let inputCount = try #require(input?["maxItems"]?.intValue)
      // A character of four bytes: what is limited are bytes.
      func stopText(_ count: Int) -> JSONValue {
        .string(String(repeating: "\u{1F426}", count: count))
      }
      func list(_ count: Int) -> JSONValue { .array(Array(repeating: "a", count: count)) }
      let cases: [(path: String, body: JSONValue, isTaken: Bool)] = [
        ("/v1/chat/completions", ChatCompletionTests.chat(["stop": stopText(length)]), true),
        ("/v1/chat/completions", ChatCompletionTests.chat(["stop": stopText(length + 1)]), false),
        ("/v1/chat/completions", ChatCompletionTests.chat(["stop": list(stopCount)]), true),
        ("/v1/chat/completions", ChatCompletionTests.chat(["stop": list(stopCount + 1)]), false),
        ("/v1/completions", ["model": "swift-1", "prompt": list(promptCount)], true),
        ("/v1/completions", ["model": "swift-1", "prompt": list(promptCount + 1)], false),
        ("/v1/embeddings", ["model": "swift-1", "input": list(inputCount)], true),
        ("/v1/embeddings", ["model": "swift-1", "input": list(inputCount + 1)], false),
      ]
      for (index, (path, body, isTaken)) in cases.enumerated() {
        let answer = try await server.post(path, body.serialized())
        #expect(answer.status == (isTaken ? 200 : 400), "case \(index): \(answer.body.prefix(300))")
      }
    }
  }

  private static func properties(
    of schema: String, _ server: RunningServer
  ) async throws -> JSONObject {
    let document = try await server.get("/openapi.json").json
    return try #require(
      document["components"]?["schemas"]?[schema]?["properties"]?.objectValue, "\(schema)")
  }

  /// A number just beside another, below it or above.
  private static func beside(_ value: JSONValue, _ sign: Int64, _ isWhole: Bool) -> JSONValue {
    guard isWhole, case .integer(let number) = value else {
      return .number((value.doubleValue ?? 0) + Double(sign) / 1000)
    }
    return .integer(number + sign)
  }
}
