// Fields of text completions that change which tokens there are: echoes with likelihoods, gaps, the
// best of several; and those that chats have besides.

import APIServer
import JSON
import NIOPosix
import Synchronization
import Testing
import Tokenizer
import Transformer

@Suite struct CompletionFieldTests {
  private func complete(_ server: RunningServer, _ changes: JSONObject) async throws -> HTTPAnswer {
    var object: JSONObject = ["model": "swift-1", "prompt": "ab cd efg"]
    for (key, value) in changes { object[key] = value }
    return try await server.post("/v1/completions", JSONValue.object(object).serialized())
  }

  @Test(arguments: [0, 2]) func anEchoTellsHowLikelyThePromptWas(maxTokens: Int64) async throws {
    try await RunningServer.serving { server in
      let asked: JSONObject = [
        "prompt": [3, 4, 5], "echo": true, "logprobs": 0, "max_tokens": .integer(maxTokens),
      ]
      let choice = try #require(try await complete(server, asked).json["choices"]?[0])
      let scores = try #require(choice["logprobs"])
      let answer: [JSONValue] = Array(
        [.string("Swifts"), .string(" sleep")].prefix(Int(maxTokens)))
      #expect(
        choice["text"] == .string(maxTokens == 0 ? "xxx xxxx xxxxx" : "xxx xxxx xxxxxSwifts sleep"))
      #expect(scores["tokens"] == .array(["xxx", "xxxx", "xxxxx"] + answer))
      #expect(scores["token_logprobs"]?[0] == .null)
      #expect(scores["top_logprobs"]?[0] == .null)
      #expect(scores["token_logprobs"]?[1] == -0.5)
      #expect(scores["token_logprobs"]?.arrayValue?.count == 3 + Int(maxTokens))
      #expect(choice["finish_reason"] == "length")
      var streamed = asked
      streamed["stream"] = true
      let chunks = try await complete(server, streamed).events.dropLast()
        .map { try JSONValue.parse($0) }
      let tokens = chunks.flatMap { $0["choices"]?[0]?["logprobs"]?["tokens"]?.arrayValue ?? [] }
      #expect(.array(tokens) == scores["tokens"])
    }
  }

  @Test func theBestOfSeveralIsTold() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let body = try await complete(server, ["best_of": 3, "n": 1, "max_tokens": 2]).json
      #expect(body["choices"]?.arrayValue?.count == 1)
      #expect(body["choices"]?[0]?["logprobs"] == .null)
      #expect(body["usage"]?["completion_tokens"] == 6)
      #expect(engine.lastRequest?.sampling.logProbabilities == 0)
    }
  }

  @Test(
    arguments: [([:], 16), (["n_predict": 3], 3), (["n_predict": -1], nil)] as [(JSONObject, Int?)])
  func aCompletionIsAsLongAsItsFieldsSay(change: JSONObject, tokens: Int?) async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await complete(server, change)
      #expect(answer.status == 200)
      #expect(engine.lastRequest?.maxTokens == tokens)
    }
  }

  @Test func whatEndsAnAnswerReachesTheEngine() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let answer = try await complete(
        server,
        [
          "stop_token_ids": [5, 7], "dry_multiplier": 0.5, "dry_base": 2, "dry_allowed_length": 3,
          "dry_penalty_last_n": 64, "dry_sequence_breakers": ["xxx"],
        ])
      #expect(answer.status == 200)
      let request = try #require(engine.lastRequest)
      #expect(request.stopTokens == [5, 7])
      #expect(request.sampling.dryMultiplier == 0.5 && request.sampling.dryBase == 2)
      #expect(request.sampling.dryAllowedLength == 3 && request.sampling.dryLastN == 64)
      #expect(request.sampling.dryBreakers == Set(3..<64))
      _ = try await complete(server, ["dry_base": 3])
      #expect(engine.lastRequest?.sampling.dryMultiplier == 0)
    }
  }

  /// A vocabulary has hundreds of thousands of tokens, and all answers leave through the loop.
  @Test(arguments: ["/v1/completions", "/v1/chat/completions"])
  func theVocabularyIsLookedThroughOffTheEventLoop(path: String) async throws {
    let isOnLoop = Mutex(Set<Bool>())
    let engine = FakeEngine(beforeBytes: {
      isOnLoop.withLock { _ = $0.insert(MultiThreadedEventLoopGroup.currentEventLoop != nil) }
    })
    try await RunningServer.serving(engine) { server in
      let body: JSONValue = [
        "model": "swift-1", "prompt": "a", "messages": [["role": "user", "content": "a"]],
        "dry_multiplier": 0.5, "dry_sequence_breakers": ["x"],
      ]
      let answer = try await server.post(path, body.serialized())
      #expect(answer.status == 200)
      #expect(isOnLoop.withLock { $0 } == [false])
      #expect(engine.lastRequest?.sampling.dryBreakers == Set(1..<64))
    }
  }

  @Test func anAnswerGoesOnWithTheLastMessage() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      let messages: JSONValue = [
        ["role": "user", "content": "a bb"], ["role": "assistant", "content": " Swifts sle "],
      ]
      let rendered = try await server.post(
        "/apply-template",
        JSONValue.object(["messages": messages, "continue_final_message": true]).serialized())
      #expect(try rendered.json["prompt"] == "<user>a bb<assistant> Swifts sle")
      let answer = try await server.chat(
        ChatCompletionTests.chat(["messages": messages, "continue_final_message": true]))
      #expect(answer.status == 200)
      let prefilled = try await server.post(
        "/v1/messages",
        JSONValue.object([
          "model": "swift-1", "max_tokens": 5, "messages": messages,
        ]).serialized())
      #expect(prefilled.status == 200)
      #expect(
        engine.lastRequest?.prompt
          == engine.encode(
            "<user>a bb<assistant> Swifts sle", parsingSpecial: true, addingSpecial: true))
    }
  }

  /// Words that stand in the mark behind them too, templates that trim, cut or repeat, and a letter that
  /// is one character with the next one.
  @Test(
    "An answer goes on where the last message's words end",
    arguments: [
      ("{{ m.content }}", "<", "<"), ("{{ m.content }}", "e", "e"),
      ("{{ m.content }}", "|im_end|>", "|im_end|>"), ("{{ m.content }}", " a b ", " a b"),
      ("{{ m.content }}", "assistant\n", "assistant"), ("{{ m.content }}", "\u{600}", "\u{600}"),
      ("{{ m.content | trim }}", " a b ", "a b"), ("{{ m.content | trim }}", "<", "<"),
      ("{{ m.content.split('</think>')[-1] }}", "<think>a</think>b", "b"),
      ("{{ m.content }}|{{ m.content }}", "i", "i|i"), ("{{ m.content | upper }}", "a", nil),
      ("{{ m.content[:4] }}", "abcdef", nil),
    ] as [(String, String, String?)])
  func anAnswerGoesOnWhereTheWordsEnd(content: String, words: String, end: String?) async throws {
    let template =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n\(content)<|im_end|>\n{% endfor %}"
    let engine = FakeEngine(turns: try ChatTemplate(template))
    try await RunningServer.serving(engine) { server in
      let messages: JSONValue = [["role": "assistant", "content": .string(words)]]
      let answer = try await server.post(
        "/apply-template",
        JSONValue.object(["messages": messages, "continue_final_message": true]).serialized())
      if let end {
        #expect(try answer.json["prompt"] == .string("<|im_start|>assistant\n" + end))
      } else {
        #expect(answer.status == 400)
        #expect(try answer.errorCode == "unsupported_value")
      }
    }
  }

  @Test(
    arguments: [
      (["stop": ["a", "b", "c"]], "array_above_max_length", "stop"),
      (["stop": "abcdefghi"], "invalid_value", "stop"),
      (["grammar": "root ::= \"a long text that is too long\""], "constraint_too_large", "grammar"),
      (["logit_bias": ["1": 1, "2": 1, "3": 1]], "object_above_max_size", "logit_bias"),
    ] as [(JSONObject, String, String)])
  func everyLimitCanBeSetAndHasItsError(change: JSONObject, code: String, param: String)
    async throws
  {
    try await RunningServer.serving(configure: { configuration in
      configuration.limits.stopCount = 2
      configuration.limits.stopBytes = 8
      configuration.limits.constraintBytes = 24
      configuration.limits.biasCount = 2
    }) { server in
      let answer = try await complete(server, change)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"] == .string(param))
    }
  }

  @Test func theLimitOfAnswersIsTheOneThatIsTold() async throws {
    try await RunningServer.serving(configure: { $0.limits.promptCount = 2 }) { server in
      let taken = try await complete(server, ["prompt": ["a", "b"], "n": 4])
      #expect(taken.status == 200)
      let refused = try await complete(server, ["prompt": ["a", "b"], "n": 5])
      #expect(refused.status == 400)
      #expect(
        try refused.json["error"]?["message"]?.stringValue?.contains(
          "10 answers with 'n' or 'best_of'; at most 8 are accepted") == true)
    }
  }

  /// Choices of a prompt stand together, and each prompt is counted once.
  @Test func severalPromptsAreAnsweredInOrder() async throws {
    try await RunningServer.serving { server in
      let asked: JSONObject = [
        "prompt": ["a", [2, 3], "a bb ccc"], "n": 2, "echo": true, "max_tokens": 2,
      ]
      let body = try await complete(server, asked).json
      let choices = try #require(body["choices"]?.arrayValue)
      #expect(choices.map { $0["index"] } == (0..<6).map { .integer(Int64($0)) })
      #expect(
        choices.compactMap { $0["text"]?.stringValue }
          == ["a", "xx xxx", "a bb ccc"].flatMap {
            Array(repeating: $0 + "Swifts sleep", count: 2)
          })
      // Texts have a token in front.
      #expect(body["usage"]?["prompt_tokens"] == 8)
      #expect(body["usage"]?["completion_tokens"] == 12)
      var streamed = asked
      streamed["stream"] = true
      var texts = Array(repeating: "", count: 6)
      for event in try await complete(server, streamed).events.dropLast() {
        let choice = try #require(try JSONValue.parse(event)["choices"]?[0])
        texts[choice["index"]?.intValue ?? 0] += choice["text"]?.stringValue ?? ""
      }
      #expect(texts == choices.compactMap { $0["text"]?.stringValue })
    }
  }

  @Test func theBestOfEachPromptIsTold() async throws {
    try await RunningServer.serving { server in
      let body = try await complete(
        server, ["prompt": ["a", "b"], "best_of": 3, "echo": true, "max_tokens": 1]
      ).json
      #expect(
        body["choices"]?.arrayValue?.compactMap { $0["text"]?.stringValue } == [
          "aSwifts", "bSwifts",
        ])
      #expect(body["usage"]?["completion_tokens"] == 6)
    }
  }

  @Test func theLikelihoodsOfEachPromptAreItsOwn() async throws {
    try await RunningServer.serving { server in
      let body = try await complete(
        server, ["prompt": [[3, 4], [5, 6, 7]], "echo": true, "logprobs": 0, "max_tokens": 0]
      ).json
      let scores = body["choices"]?.arrayValue?.map { $0["logprobs"]?["tokens"]?.arrayValue?.count }
      #expect(scores == [2, 3])
    }
  }

  /// How likely a later prompt was is known after the first words of the answer to an earlier one.
  @Test func aStreamTellsTheLikelihoodsOfEveryPrompt() async throws {
    try await RunningServer.serving(FakeEngine(["one", "two"])) { server in
      let answer = try await complete(
        server,
        ["prompt": ["ab cd", "efg hi"], "echo": true, "logprobs": 0, "stream": true])
      #expect(answer.status == 200)
      var texts = ["", ""]
      var tokens: [[String]] = [[], []]
      for event in answer.events.dropLast() {
        let choice = try #require(try JSONValue.parse(event)["choices"]?[0])
        let index = try #require(choice["index"]?.intValue)
        texts[index] += choice["text"]?.stringValue ?? ""
        tokens[index] += (choice["logprobs"]?["tokens"]?.arrayValue ?? []).compactMap(\.stringValue)
      }
      #expect(texts == ["ab cdonetwo", "efg hionetwo"])
      #expect(tokens == [["xx", "xx", "one", "two"], ["xxx", "xx", "one", "two"]])
    }
  }

  /// The vocabulary is no secret, and kept; what a request's own texts come to is kept for nobody.
  @Test(
    arguments: [["dry_sequence_breakers": ["xxx"]], [:]] as [JSONObject])
  func theVocabularyIsReadOnceForBreakers(fields: JSONObject) async throws {
    let count = Mutex(0)
    let engine = FakeEngine(beforeBytes: { count.withLock { $0 += 1 } })
    try await RunningServer.serving(engine) { server in
      var fields = fields
      fields["dry_multiplier"] = 0.5
      for texts in [nil, ["xx"], ["x", "xxxx"]] as [JSONValue?] {
        if let texts { fields["dry_sequence_breakers"] = texts }
        let answer = try await complete(server, fields)
        #expect(answer.status == 200)
        #expect(count.withLock { $0 } == engine.facts.vocabularyCount)
      }
      #expect(engine.lastRequest?.sampling.dryBreakers == Set(1..<64))
    }
  }
}
