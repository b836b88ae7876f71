// Vectors of texts over HTTP: shapes, sizes, counts, and what is refused.

import APIServer
import JSON
import Metering
import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct EmbeddingTests {
  private func embed(_ server: RunningServer, _ changes: JSONObject) async throws -> HTTPAnswer {
    var object: JSONObject = ["model": "swift-1", "input": "one three"]
    for (key, value) in changes { object[key] = value }
    return try await server.post("/v1/embeddings", JSONValue.object(object).serialized())
  }

  private func vectors(_ answer: HTTPAnswer) throws -> [[Double]] {
    try (answer.json["data"]?.arrayValue ?? []).map {
      ($0["embedding"]?.arrayValue ?? []).compactMap(\.doubleValue)
    }
  }

  /// What the fake engine makes of tokens, of length 1.
  private func expected(_ tokens: [Double]) -> [Double] {
    let raw = [Double(tokens.count), tokens[0], tokens[tokens.count - 1], 0]
    let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return raw.map { Double(Float($0 / length)) }
  }

  @Test func aTextHasAVectorOfLengthOne() async throws {
    try await RunningServer.serving { server in
      let answer = try await embed(server, [:])
      #expect(answer.status == 200)
      let body = try answer.json
      #expect(body["object"] == "list")
      #expect(body["model"] == "swift-1")
      #expect(body["data"]?[0]?["object"] == "embedding")
      #expect(body["usage"] == ["prompt_tokens": 3, "total_tokens": 3])
      let vector = try #require(try vectors(answer).first)
      for (value, wanted) in zip(vector, expected([0, 3, 5])) {
        #expect(abs(value - wanted) < 1e-6)
      }
    }
  }

  @Test(
    arguments: [
      (.array(["one", "three", "seven"]), 3, 6), ([5, 6, 7], 1, 3), ([[5], [6, 7]], 2, 3),
      (.array(Array(repeating: "a", count: 40)), 40, 80),
    ] as [(JSONValue, Int, Int64)])
  func everyInputHasItsVectorInOrder(input: JSONValue, count: Int, tokens: Int64) async throws {
    try await RunningServer.serving { server in
      let answer = try await embed(server, ["input": input])
      let data = try #require(try answer.json["data"]?.arrayValue)
      #expect(data.map { $0["index"]?.intValue } == Array(0..<count))
      #expect(try answer.json["usage"]?["total_tokens"] == .integer(tokens))
    }
  }

  @Test func vectorsComeAsBase64OfTheSameFloats() async throws {
    try await RunningServer.serving { server in
      let plain = try vectors(try await embed(server, [:]))[0].map { Float($0) }
      let text = try await embed(server, ["encoding_format": "base64"])
        .json["data"]?[0]?["embedding"]?.stringValue
      let bytes = try #require(text.flatMap { Base64.bytes($0) })
      let floats = stride(from: 0, to: bytes.count, by: 4).map { place in
        Float(
          bitPattern: bytes[place..<place + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        )
      }
      #expect(floats == plain)
    }
  }

  @Test func fewerDimensionsAreTheFirstOnesOfLengthOne() async throws {
    try await RunningServer.serving { server in
      let vector = try vectors(try await embed(server, ["dimensions": 2]))[0]
      #expect(vector.count == 2)
      #expect(abs(vector[0] - 1) < 1e-6)
      let raw = try vectors(try await embed(server, ["embd_normalize": -1]))[0]
      #expect(raw == [3, 0, 5, 0])
    }
  }

  @Test func aTokenThatIsTooLargeIsToldTheRange() async throws {
    try await RunningServer.serving { server in
      let answer = try await embed(server, ["input": [1, 1_099_511_627_776]])
      let message = try answer.json["error"]?["message"]?.stringValue ?? ""
      #expect(message.contains("from 0 to 2147483647"), "\(message)")
    }
  }

  static let long = String(repeating: "a ", count: 600)

  @Test(
    arguments: [
      (["input": .null], "missing_required_parameter", "input"),
      (["input": 5], "invalid_type", "input"),
      (["input": ""], "empty_string", "input"), (["input": []], "empty_array", "input"),
      (["input": ["a", ""]], "empty_string", "input[1]"),
      (["input": ["a", 1]], "invalid_type", "input[1]"),
      (["input": [1, "a"]], "invalid_type", "input[1]"),
      (["input": [[]]], "empty_array", "input[0]"),
      (["input": [[1], [99_999_999]]], "invalid_token", "input[1]"),
      (["input": .array(Array(repeating: "a", count: 101))], "array_above_max_length", "input"),
      (["dimensions": 0], "integer_below_min_value", "dimensions"),
      (["dimensions": 5], "integer_above_max_value", "dimensions"),
      (["encoding_format": "hex"], "invalid_value", "encoding_format"),
      (["pooling": "max"], "invalid_value", "pooling"),
      (["embd_normalize": 1], "unsupported_value", "embd_normalize"),
      (["input": .string(long)], "context_length_exceeded", "input"),
      (["input": ["a", "b", .string(long)]], "context_length_exceeded", "input[2]"),
      (
        ["input": .null, "content": ["a", .string(long)]], "context_length_exceeded", "content[1]"
      ),
      (["colour": 1], "unknown_parameter", "colour"),
    ] as [(JSONObject, String, String?)])
  func aBadFieldIsRefusedByName(change: JSONObject, code: String, param: String?) async throws {
    try await RunningServer.serving(configure: {
      $0.limits.inputCount = 100
      $0.isStrict = true
    }) { server in
      let answer = try await embed(server, change)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"]?.stringValue == param)
    }
  }

  @Test func aFullQueueIsA503() async throws {
    try await RunningServer.serving(FakeEngine([], .refuse)) { server in
      let answer = try await embed(server, [:])
      #expect(answer.status == 503)
      #expect(answer.headers["retry-after"] != nil)
    }
  }

  @Test(arguments: [
    (FakeEngine.Behaviour.fail, 500, RequestStatus.failed), (.refuse, 503, .rejected),
  ])
  func whatTheEngineIsToBlameForIsAFailureAndAFullQueueIsNone(
    behaviour: FakeEngine.Behaviour, status: Int, recorded: RequestStatus
  ) async throws {
    try await withMeter { meter, store in
      try await RunningServer.serving(FakeEngine([], behaviour), meter: meter) { server in
        let answer = try await embed(server, [:])
        #expect(answer.status == status)
        let rows = try store.newestRows()
        #expect(rows.map(\.status) == [recorded])
      }
    }
  }

  @Test func aClientThatLeavesEndsItsWork() async throws {
    let engine = FakeEngine([], .hangAfterFirst)
    try await RunningServer.serving(engine) { server in
      try await RawConnection.open(port: server.port) { exchange in
        try await exchange.send(
          server.request("/v1/embeddings", #"{"model":"swift-1","input":"a"}"#))
        for await _ in engine.hangs { break }
      }
      for await _ in engine.cancellations { break }
    }
  }

  @Test func aClientThatLeavesPaysForTheTextsThatWereComputed() async throws {
    let engine = FakeEngine([], .hangAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.serving(engine, meter: meter) { server in
        try await RawConnection.open(port: server.port) { exchange in
          // The last one waits for one of the others to be done.
          try await exchange.send(
            server.request(
              "/v1/embeddings",
              #"{"model":"swift-1","input":["one three","one three","one three","one three","a"]}"#)
          )
          for await _ in engine.hangs { break }
        }
        for await _ in engine.cancellations { break }
      }
      let row = try #require(
        try store.usageRows(
          month: UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
        ).first)
      #expect(row.status == .cancelled)
      #expect([3, 6, 9, 12].contains(row.usage.promptTokens), "\(row.usage)")
    }
  }

  @Test func tokensAreCountedAsPrompt() async throws {
    try await withMeter { meter, store in
      try await RunningServer.serving(meter: meter) { server in
        let answer = try await embed(server, ["input": ["one three", "one"]])
        #expect(answer.status == 200)
        let row = try #require(
          try store.usageRows(
            month: UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
          ).first)
        #expect(row.usage.promptTokens == 5)
        #expect(row.usage.completionTokens == 0)
        #expect(row.kind == .embedding)
        #expect(row.status == .completed)
      }
    }
  }

  @Test func aRealEnginesVectorsArrive() async throws {
    let engine = try Engine(try Model.load(ProjectFixtures.root + "/architectures/llama.gguf"))
    let expected = try await engine.embed([5, 6, 7, 8], pooling: .mean)
    try await RunningServer.serving([ServedModel(name: "swift-1", engine: engine)]) { server in
      let answer = try await embed(server, ["input": [5, 6, 7, 8], "embd_normalize": -1])
      #expect(try vectors(answer)[0].map { Float($0) } == expected)
      let last = try await embed(server, ["input": [5, 6, 7, 8], "pooling": "last"])
      #expect(try vectors(last)[0].count == expected.count)
      #expect(try vectors(last) != vectors(answer))
    }
    engine.shutdown()
  }

  @Test func anEncodersVectorsArrive() async throws {
    let engine = try Engine(try Model.load(ProjectFixtures.root + "/architectures/bert.gguf"))
    try await RunningServer.serving([ServedModel(name: "swift-1", engine: engine)]) { server in
      let answer = try await embed(server, ["input": ["the", [2, 5, 3]]])
      let expected = try await engine.embed([2, 5, 3]).embedding
      #expect(try vectors(answer)[1].map { Float($0) } == expected)
      // What stands around a text is counted too.
      let tokens = engine.model.tokenizer.encode("the", parsingSpecial: false, addingSpecial: true)
      #expect(tokens.first == 2 && tokens.last == 3)
      #expect(try answer.json["usage"]?["prompt_tokens"] == .integer(Int64(tokens.count + 3)))
      let first = try vectors(try await embed(server, ["input": "the", "pooling": "cls"]))[0]
      #expect(
        try await engine.embed(tokens, pooling: .first).embedding == first.map { Float($0) })
      let long = try await embed(server, ["input": .array(Array(repeating: 5, count: 257))])
      #expect(try long.errorCode == "context_length_exceeded")
      let whole = try await embed(server, ["input": .array(Array(repeating: 5, count: 256))])
      #expect(whole.status == 200)
      let models = try await server.get("/v1/models")
      #expect(try models.json["data"]?[0]?["kind"] == "embedding")
      // Nothing is written that would have to be labelled.
      let notice = try models.json["data"]?[0]?["notice"]?.stringValue ?? ""
      #expect(notice.contains("high-risk") && !notice.contains("generated"))
    }
    engine.shutdown()
  }

  @Test(
    arguments: [
      ("/v1/chat/completions", ["messages": [["role": "user", "content": "a"]]]),
      ("/v1/completions", ["prompt": "a"]), ("/v1/responses", ["input": "a"]),
      ("/v1/messages", ["max_tokens": 5, "messages": [["role": "user", "content": "a"]]]),
    ] as [(String, JSONObject)])
  func anEncoderWritesNothing(path: String, fields: JSONObject) async throws {
    let engine = try Engine(try Model.load(ProjectFixtures.root + "/architectures/bert.gguf"))
    try await RunningServer.serving([ServedModel(name: "swift-1", engine: engine)]) { server in
      var object: JSONObject = ["model": "swift-1"]
      for (key, value) in fields { object[key] = value }
      let answer = try await server.post(path, JSONValue.object(object).serialized())
      #expect(answer.status == 400)
      let message = try answer.json["error"]?["message"]?.stringValue ?? ""
      #expect(message.contains("'swift-1'") && message.contains("/v1/embeddings"))
    }
    engine.shutdown()
  }
}

extension [Float] {
  /// Of length 1.
  fileprivate var embedding: [Float] {
    let length = reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return map { Float(Double($0) / length) }
  }
}

/// Reads what base64 says, as RFC 4648 has it.
private enum Base64 {
  static func bytes(_ text: String) -> [UInt8]? {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var bits = 0
    var group: UInt32 = 0
    var bytes: [UInt8] = []
    for letter in text.utf8 where letter != UInt8(ascii: "=") {
      guard let value = letters.firstIndex(of: letter) else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    return bytes
  }
}
