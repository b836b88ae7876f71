// What a customer does with a receipt: counts again what they sent and what came back.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: RealModel.arePresent, RealModel.absence))
struct ReceiptCheckTests {
  /// What is asked of each route, and by which name it is kept.
  private static let requests: [(name: String, path: String, fields: JSONObject)] = [
    (
      "chat", "/v1/chat/completions",
      ["messages": [["role": "user", "content": "Why is the sky blue?"]], "max_tokens": 12]
    ),
    ("completions", "/v1/completions", ["prompt": ["The sky is", "Birds"], "max_tokens": 9]),
    ("echo", "/v1/completions", ["prompt": "The sky is", "echo": true, "max_tokens": 9]),
    (
      "messages", "/v1/messages",
      [
        "system": "You are short of words.", "max_tokens": 12,
        "messages": [["role": "user", "content": "Why is the sky blue?"]],
      ]
    ),
    (
      "responses", "/v1/responses",
      ["instructions": "Be short.", "input": "Name a bird.", "max_output_tokens": 16]
    ),
    ("embeddings", "/v1/embeddings", ["input": ["Swifts sleep on the wing.", "A"]]),
  ]

  @Test(.timeLimit(.minutes(10)))
  func `what each route charged is counted again from what was kept`() async throws {
    try await withCustomer { customer in
      for (name, path, fields) in Self.requests {
        let ways = name == "embeddings" ? [false] : [false, true]
        for isStreamed in ways {
          let kept = name + (isStreamed ? "-stream" : "")
          try await customer.ask(kept, path, isStreamed ? fields.adding("stream", true) : fields)
          let outcome = try await customer.verify(kept, answer: kept + ".answer")
          #expect(outcome.status == 0, "\(kept): \(outcome.errors)")
          let row = try JSONValue.parse(outcome.text)
          #expect(row["route"] == .string(path))
          #expect(row["input_tokens"] == row["input_tokens_recounted"])
          let told = try #require(row["output_tokens"]?.intValue)
          let counted = try #require(row["output_tokens_recounted"]?.intValue)
          // The model may have spelled its text with a few tokens more, and its end is one.
          #expect((0...4).contains(told - counted), "\(kept): \(told), \(counted)")
          #expect(counted > 0 || name == "embeddings")
          // Without its answer a request tells by its fields where it was sent.
          let alone = try await customer.verify(kept, answer: nil)
          #expect(alone.status == 0, "\(kept): \(alone.errors)")
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what cannot be counted from what was kept is said in one line`() async throws {
    try await withCustomer { customer in
      let (_, path, fields) = Self.requests[0]
      try await customer.ask("chat", path, fields)
      let cases: [(answer: JSONValue, words: String)] = [
        (
          [
            "object": "chat.completion",
            "choices": [
              [
                "message": [
                  "content": .null,
                  "tool_calls": [["function": ["name": "f", "arguments": "{}"]]],
                ]
              ]
            ],
          ], "calls functions"
        ),
        (["error": ["message": "no"]], "no answer"), (.object(fields), "no answer"),
        (
          [
            "object": "chat.completion",
            "choices": [["message": ["content": .string(String(repeating: "a b ", count: 100))]]],
          ], "it may say at most 2 fewer"
        ),
        (["name": "Swift"], "--text"),
      ]
      for (answer, words) in cases {
        try customer.write(answer, "wrong.answer")
        let outcome = try await customer.verify("chat", answer: "wrong.answer")
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
      }
      let told = try await customer.verify("chat", answer: "wrong.answer", "--text")
      #expect(told.status == 0, "\(told.errors)")
      // Another request than the receipt's.
      try customer.write(
        .object(fields.adding("model", "m").adding("messages", [])), "chat.request")
      let empty = try await customer.verify("chat", answer: nil)
      #expect(empty.status == 1 && empty.errors.contains("'messages'"), "\(empty.errors)")
      #expect(empty.errors.contains("--route"), "\(empty.errors)")
      try customer.write(["model": "m", "input": "a"], "chat.request")
      let moved = try await customer.verify("chat", answer: nil, "--route", "embeddings")
      #expect(moved.status == 1 && moved.errorLines.count == 1, "\(moved.errors)")
      #expect(moved.errors.contains("1 token at /v1/embeddings"), "\(moved.errors)")
    }
  }

  private func withCustomer(_ body: (Customer) async throws -> Void) async throws {
    try await TemporaryFolder.with { folder in
      let made = try await Program.apus(
        "keys", "create", "--json", environment: ["APUS_DATA": folder + "/data"])
      let key = try #require(try JSONValue.parse(made.text)["key"]?.stringValue)
      try await ServedProgram.with(in: folder) { server in
        try await body(Customer(folder: folder, port: server.port, key: key))
      }
    }
  }
}

/// Who asks with a key, and keeps the request, the answer and the receipt of each under a name.
private struct Customer {
  let folder: String
  let port: Int
  let key: String

  func ask(_ name: String, _ path: String, _ fields: JSONObject) async throws {
    let base = folder + "/" + name
    // The likeliest tokens spell a text as the tokenizer does.
    let request = fields.adding("model", .string(RealModel.smol.name)).adding("temperature", 0)
    try write(.object(request), name + ".request")
    try await curl(
      path,
      [
        "--header", "Content-Type: application/json", "--data-binary", "@\(base).request",
        "--dump-header", base + ".head", "--output", base + ".answer",
      ])
    let head = try String(contentsOfFile: base + ".head", encoding: .utf8)
    let field = "x-request-id: "
    let line = head.split { $0.isNewline }.first { $0.lowercased().hasPrefix(field) }
    let id = try #require(line).dropFirst(field.count)
    try await curl("/v1/receipts/\(id)", ["--output", base + ".receipt"])
  }

  /// Counts again what was kept under a name.
  ///
  /// - Parameter answer: The file of the answer; nil for none.
  func verify(
    _ name: String, answer: String?, _ options: String...
  ) async throws -> Program.Outcome {
    let base = folder + "/" + name
    let published = try await JSONValue.parse(curl("/v1/receipts/key", []).text)
    let publicKey = try #require(published["public_key"]?.stringValue)
    let kept = answer.map { ["--answer", folder + "/" + $0] } ?? []
    return try await Program.apus(
      [
        "verify", "receipt", base + ".receipt", "--public-key", publicKey, "--json", "--model",
        RealModel.smol.name, "--request", base + ".request",
      ] + kept + options)
  }

  func write(_ value: JSONValue, _ file: String) throws {
    try Data(value.utf8()).write(to: URL(fileURLWithPath: folder + "/" + file))
  }

  @discardableResult
  private func curl(_ path: String, _ options: [String]) async throws -> Program.Outcome {
    let outcome = try await Program.run(
      "/usr/bin/env",
      [
        "curl", "--silent", "--show-error", "--fail", "--max-time", "300", "--header",
        "Authorization: Bearer \(key)",
      ] + options + ["http://127.0.0.1:\(port)\(path)"])
    #expect(outcome.status == 0, "\(path): \(outcome.errors)")
    return outcome
  }
}

extension JSONObject {
  fileprivate func adding(_ name: String, _ value: JSONValue) -> JSONObject {
    var all = self
    all[name] = value
    return all
  }
}
