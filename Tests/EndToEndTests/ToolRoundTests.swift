// Calls of functions on a real model under real templates: asked for, read back, answered in words.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(
  .serialized, .enabled(if: RealModel.arePresent, RealModel.absence),
  .enabled(if: Fixtures.isPresent, Fixtures.absence))
struct ToolRoundTests {
  private static let tools: JSONValue = [
    [
      "type": "function",
      "function": [
        "name": "weather", "description": "Tells the weather of a city.",
        "parameters": [
          "type": "object", "required": ["city", "days"], "additionalProperties": false,
          "properties": [
            "city": ["type": "string", "enum": ["Bern", "Thun"]],
            "days": ["type": "integer", "minimum": 1, "maximum": 5],
          ],
        ],
      ],
    ]
  ]

  /// Templates of each family of ways to write calls. The model knows none of them: what it writes is
  /// right because it is held to it.
  @Test(
    .timeLimit(.minutes(5)),
    arguments: [
      "Qwen-Qwen2.5-7B-Instruct", "meta-llama-Llama-3.1-8B-Instruct", "Qwen3-Coder", "GLM-4.6",
      "MiniMax-M2", "google-gemma-4-31B-it", "deepseek-ai-DeepSeek-V3.1",
      "ibm-granite-granite-3.3-2B-Instruct",
    ])
  func aCallMakesTheRound(template: String) async throws {
    try await TemporaryFolder.with { folder in
      let path = Fixtures.root + "/templates/\(template).jinja"
      try await ServedProgram.with(in: folder, ["--chat-template", path]) { server in
        let question: JSONValue = ["role": "user", "content": "What is the weather in Bern?"]
        let first = try await ask(
          server,
          [
            "messages": [question], "tools": Self.tools, "tool_choice": "required",
            "parallel_tool_calls": false, "reasoning_effort": "none",
          ])
        let message = try #require(first["choices"]?[0]?["message"], "\(first.serialized())")
        #expect(first["choices"]?[0]?["finish_reason"] == "tool_calls", "\(first.serialized())")
        let call = try #require(message["tool_calls"]?[0])
        #expect(call["function"]?["name"] == "weather")
        let arguments = try JSONValue.parse(call["function"]?["arguments"]?.stringValue ?? "")
        #expect(["Bern", "Thun"].contains(arguments["city"]?.stringValue))
        #expect((1...5).contains(arguments["days"]?.intValue ?? 0))
        let result: JSONValue = [
          "role": "tool", "tool_call_id": call["id"] ?? .null, "content": "It rains.",
        ]
        let second = try await ask(
          server,
          [
            "messages": [question, message, result], "tools": Self.tools, "tool_choice": "none",
          ])
        #expect(second["choices"]?[0]?["message"]?["content"]?.stringValue != nil)
        #expect(second["choices"]?[0]?["message"]?["tool_calls"] == nil)
      }
    }
  }

  /// Every budget is kept, and an answer follows the thought that it ended.
  @Test(.timeLimit(.minutes(5))) func aThoughtEndsInTime() async throws {
    try await TemporaryFolder.with { folder in
      let path = Fixtures.root + "/templates/deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja"
      try await ServedProgram.with(in: folder, ["--chat-template", path]) { server in
        for budget: Int64 in [0, 12, 40] {
          let answer = try await ask(
            server,
            [
              "messages": [["role": "user", "content": "Why do swifts sleep in flight?"]],
              "thinking_budget_tokens": .integer(budget), "max_tokens": 90, "seed": 1,
            ])
          let thought = try #require(
            answer["usage"]?["completion_tokens_details"]?["reasoning_tokens"]?.intValue)
          let closing = 8
          #expect(thought <= max(Int(budget), closing))
          #expect(answer["choices"]?[0]?["message"]?["content"]?.stringValue?.isEmpty == false)
        }
      }
    }
  }

  private func ask(_ server: ServedProgram, _ changes: JSONObject) async throws -> JSONValue {
    var body: JSONObject = [
      "model": .string(RealModel.smol.name), "temperature": 0, "max_tokens": 120,
    ]
    for (key, value) in changes { body[key] = value }
    let outcome = try await Program.run(
      "/usr/bin/env",
      [
        "curl", "--silent", "--show-error", "--max-time", "120", "--header",
        "Content-Type: application/json", "--data-raw", JSONValue.object(body).serialized(),
        "http://127.0.0.1:\(server.port)/v1/chat/completions",
      ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONValue.parse(outcome.text)
  }
}
