// What a request is counted as without a server.

import APIServer
import JSON
import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct PromptRecountTests {
  @Test(arguments: [("<|im_start|>", 1), ("<|im_end|>", 2)])
  func aBeginTokenAloneStandsOnceHoweverTheAnswerBegins(token: String, count: Int) throws {
    let template = "\(token)\(token){% for m in messages %}{{ m.content }}{% endfor %}"
    try withWriter(template) { writer in
      let recount = PromptRecount(writer)
      let word = writer.tokenizer.encode("a", addingSpecial: false).count
      for continues in [false, true] {
        let body: JSONValue = [
          "model": "m", "messages": [["role": "assistant", "content": "a"]],
          "continue_final_message": .bool(continues), "add_generation_prompt": false,
        ]
        let found = try recount.promptTokens(of: body, as: .chat)
        #expect(found == count + word)
      }
    }
  }

  /// Forms in which the answer "a b c" is kept.
  private static let answers: [(text: String, route: CountedRoute?)] = [
    ("a b c", nil),
    (
      #"{"object":"chat.completion","choices":[{"index":0,"message":{"content":"a b c"}}]}"#,
      .chat
    ),
    (
      """
      data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"a "}}]}

      : still working

      data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"b c"}}]}

      data: [DONE]

      """, .chat
    ),
    (#"{"object":"text_completion","choices":[{"index":0,"text":"a b c"}]}"#, .completions),
    (#"{"type":"message","content":[{"type":"text","text":"a b c"}]}"#, .messages),
    (
      """
      event: message_start
      data: {"type":"message_start","message":{"content":[]}}

      event: content_block_delta
      data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a b c"}}

      """, .messages
    ),
    (
      #"{"object":"response","output":[{"content":[{"type":"output_text","text":"a b c"}]}]}"#,
      .responses
    ),
    (
      """
      event: response.output_text.delta
      data: {"type":"response.output_text.delta","delta":"a b c"}

      event: response.output_text.done
      data: {"type":"response.output_text.done","text":"a b c"}

      """, .responses
    ),
  ]

  @Test func anAnswerCountsTheSameInEveryForm() throws {
    try withWriter("{{ messages }}") { writer in
      let recount = PromptRecount(writer)
      let count = writer.tokenizer.encode("a b c", addingSpecial: false).count
      for (text, route) in Self.answers {
        let answer = try SavedAnswer(Array(text.utf8))
        #expect(answer.route == route, "\(text)")
        #expect(try recount.answerTokens(of: answer) == count, "\(text)")
      }
      let vectors = #"{"object":"list","data":[{"object":"embedding","embedding":[0.5]}]}"#
      let answer = try SavedAnswer(Array(vectors.utf8))
      #expect(answer.route == .embeddings)
      #expect(try recount.answerTokens(of: answer) == 0)
    }
  }

  @Test(arguments: [
    #"{"name":"Swift"}"#, #"[{"name":"Swift"}]"#, #"{"error":{"message":"no"}}"#, #"{"name":"#,
    #"{"object":"list","data":[{"object":"model"}]}"#, "data: {\"error\":{}}\n\n",
  ])
  func whatIsNoAnswerIsNotCounted(text: String) {
    #expect(throws: RecountError.self) { try SavedAnswer(Array(text.utf8)) }
  }

  @Test func whatTheAnswerDoesNotHoldIsSaid() throws {
    try withWriter("{{ messages }}") { writer in
      let recount = PromptRecount(writer)
      let call = #"{"type":"message","content":[{"type":"tool_use","name":"f","input":{}}]}"#
      let calls = try SavedAnswer(Array(call.utf8))
      #expect(throws: RecountError.self) { try recount.answerTokens(of: calls) }
      let text = try SavedAnswer(Array("a".utf8))
      #expect(throws: RecountError.self) {
        try recount.answerTokens(of: text, reasoningTokens: 100)
      }
      let best: JSONValue = ["model": "m", "prompt": "a", "best_of": 2]
      #expect(throws: RecountError.self) { try recount.answerTokens(of: text, to: best) }
      // A prompt that is repeated was not written by the model.
      let echo: JSONValue = ["model": "m", "prompt": "a", "echo": true]
      #expect(try recount.answerTokens(of: text, to: echo) == 0)
      // What a server keeps of a conversation is not there to be counted.
      let going: JSONValue = ["model": "m", "input": "a", "previous_response_id": "resp_1"]
      #expect(throws: RecountError.self) { try recount.promptTokens(of: going, as: .responses) }
    }
  }

  @Test(
    arguments: [
      (["messages": []], .chat), (["messages": [], "system": "a"], .messages),
      (["messages": [], "tools": [["name": "f", "input_schema": [:]]]], .messages),
      (["prompt": "a"], .completions), (["input": "a", "dimensions": 4], .embeddings),
      (["input": [["role": "user", "content": "a"]]], .responses), (["input": "a"], .responses),
      (["other": "a"], nil),
    ] as [(JSONValue, CountedRoute?)])
  func theFieldsOfARequestTellItsRoute(request: JSONValue, route: CountedRoute?) {
    #expect(CountedRoute(request: request, isAnswered: true) == route)
    // No vectors come with tokens of an answer.
    let unanswered = request["input"]?.stringValue == nil ? route : .embeddings
    #expect(CountedRoute(request: request, isAnswered: false) == unanswered)
  }

  /// A vocabulary that begins with <|im_start|>, and a template.
  private func withWriter(_ template: String, _ body: (PromptWriter) throws -> Void) throws {
    let file = try GGUFFile(path: ProjectFixtures.root + "/architectures/llama.gguf")
    var metadata = file.metadata.keys.map {
      (key: $0, value: GGUFContent.value(file.metadata[$0]!))
    }
    metadata.append(("tokenizer.chat_template", .value(.string(template))))
    try TemporaryFolder.with { folder in
      let path = folder + "/vocabulary.gguf"
      try GGUFWriter(path: path, metadata: metadata, tensors: []).finish()
      try body(try PromptWriter(path: path))
    }
  }
}
