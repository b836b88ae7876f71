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

  @Test func messagesThatATemplateRefusesAreCountedAsTheyAreSent() throws {
    let template = """
      {% for m in messages %}{% if m.role == 'system' and not loop.first %}\
      {{ raise_exception('no') }}{% endif %}<{{ m.role }}>{{ m.content }}{% endfor %}
      """
    try withWriter(template) { writer in
      let recount = PromptRecount(writer)
      func count(_ messages: JSONValue) throws -> Int {
        try recount.promptTokens(of: ["model": "m", "messages": messages], as: .chat)
      }
      let user: JSONValue = ["role": "user", "content": "a"]
      let system: JSONValue = ["role": "system", "content": "b"]
      let asUser = try count([user, system])
      let oneUser = try count([["role": "user", "content": "a\n\nb"]])
      #expect(asUser == oneUser)
      let asOne = try count([system, system, user])
      let one = try count([["role": "system", "content": "b\n\nb"], user])
      #expect(asOne == one)
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

  @Test func aReceiptThatSaysOtherNumbersThanTheTextsHaveIsFound() throws {
    try withWriter("{{ messages }}") { writer in
      let recount = PromptRecount(writer)
      let text = try SavedAnswer(Array("a b c".utf8))
      let count = try recount.answerTokens(of: text)
      for told in [count - 2, count, count + 12] {
        #expect(try recount.answerTokens(of: text, completionTokens: told) == count)
      }
      for told in [0, -1, count - 3, count + 13, 12_000, .max, .min] {
        #expect(throws: RecountError.self, "\(told)") {
          try recount.answerTokens(of: text, completionTokens: told)
        }
      }
      // A text that ended the answer was written too.
      let stop = String(repeating: "a ", count: 100)
      let request: JSONValue = ["model": "m", "messages": [], "stop": ["b", .string(stop)]]
      let more = writer.tokenizer.encode(stop, addingSpecial: false).count
      let most = count + 12 + more
      #expect(try recount.answerTokens(of: text, to: request, completionTokens: most) == count)
      // A thought of one letter has not taken what any thought may take.
      let message = #"{"content":"a b c","reasoning_content":"a"}"#
      let thinking = try SavedAnswer(
        Array(#"{"object":"chat.completion","choices":[{"message":\#(message)}]}"#.utf8))
      let all = try recount.answerTokens(of: thinking)
      #expect(
        try recount.answerTokens(of: thinking, completionTokens: all + 9, reasoningTokens: 9)
          == all)
      #expect(throws: RecountError.self) {
        try recount.answerTokens(of: thinking, completionTokens: all + 12, reasoningTokens: 100)
      }
      // No vectors come with tokens.
      let vectors = try SavedAnswer(
        Array(#"{"object":"list","data":[{"object":"embedding","embedding":[0.5]}]}"#.utf8))
      #expect(throws: RecountError.self) {
        try recount.answerTokens(of: vectors, completionTokens: 1)
      }
    }
  }

  @Test func eachChoiceHasTheTagsOfItsThought() throws {
    try withWriter("{{ messages }}") { writer in
      let recount = PromptRecount(writer)
      let choices = (0..<3).map { #"{"index":\#($0),"message":{"content":"a"}}"# }
      let three = try SavedAnswer(
        Array(
          #"{"object":"chat.completion","choices":[\#(choices.joined(separator: ","))]}"#.utf8))
      let count = try recount.answerTokens(of: three)
      #expect(
        try recount.answerTokens(of: three, completionTokens: count + 27, reasoningTokens: 24)
          == count)
      #expect(throws: RecountError.self) {
        try recount.answerTokens(of: three, completionTokens: count + 28, reasoningTokens: 25)
      }
    }
  }

  @Test func whatAServerWithHigherLimitsTookIsCounted() throws {
    try withWriter("{{ messages }}") { writer in
      let recount = PromptRecount(writer)
      let deep = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
      let biases = (0..<2000).map { "\"\($0)\":1" }.joined(separator: ",")
      let stops = (0..<20).map { "\"\($0)\"" }.joined(separator: ",")
      let long = String(repeating: "a", count: 2000)
      let request = try PromptRecount.request(
        Array(
          """
          {"model":"m","messages":[{"role":"user","content":"a"}],"metadata":\(deep),
          "logit_bias":{\(biases)},"stop":[\(stops),"\(long)"]}
          """.utf8))
      #expect(try recount.promptTokens(of: request, as: .chat) > 0)
    }
  }

  @Test func anAnswerIsReadAsDeepAsItMayBe() throws {
    let deep = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
    let answer = #"{"object":"chat.completion","choices":[],"metadata":\#(deep)}"#
    #expect(try SavedAnswer(Array(answer.utf8)).route == .chat)
    #expect(try SavedAnswer(Array("data: \(answer)\n\n".utf8)).route == .chat)
    // Where it is none, it is told why.
    let error = #expect(throws: RecountError.self) { try SavedAnswer(Array(#"{"a":}"#.utf8)) }
    #expect(error?.description.contains("JSON, line 1") == true)
  }

  @Test(arguments: [#"{"a":1}"#, "data: {}\n\n", #"{"object":"chat.completion"}"#])
  func aTextThatLooksLikeSomethingElseIsCountedWhereThatIsSaid(text: String) throws {
    try withWriter("{{ messages }}") { writer in
      let answer = SavedAnswer(text: Array(text.utf8))
      #expect(answer.route == nil)
      let found = try PromptRecount(writer).answerTokens(of: answer)
      #expect(found == writer.tokenizer.encode(text, addingSpecial: false).count)
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
