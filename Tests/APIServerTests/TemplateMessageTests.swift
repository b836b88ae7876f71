// Conversations that templates would refuse, or half read, as they come.

import APIServer
import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TemplateMessageTests {
  /// Takes one system message, at the beginning, and turns that alternate.
  private static let strict = """
    {% set ns = namespace(last='assistant') %}{% for m in messages %}{% if m.role == 'system' %}\
    {% if not loop.first %}{{ raise_exception('no') }}{% endif %}{% else %}\
    {% if m.role == ns.last %}{{ raise_exception('no turns') }}{% endif %}\
    {% set ns.last = m.role %}{% endif %}<{{ m.role }}>{{ m.content }}{% endfor %}
    """

  private func text(
    _ messages: [(String, String)], _ template: String = strict
  ) async throws -> JSONValue {
    let engine = FakeEngine(turns: try ChatTemplate(template))
    return try await text(
      messages.map { ["role": .string($0.0), "content": .string($0.1)] }, engine)
  }

  /// The prompt that messages become, or the code of the refusal.
  private func text(_ messages: [JSONValue], _ engine: FakeEngine) async throws -> JSONValue {
    let (answers, told) = AsyncStream<JSONValue>.makeStream()
    try await RunningServer.serving(engine) { server in
      let body = try await server.post(
        "/apply-template",
        JSONValue.object([
          "messages": .array(messages), "add_generation_prompt": false,
        ]).serialized()
      ).json
      told.yield(body["prompt"] ?? body["error"]?["code"] ?? .null)
    }
    told.finish()
    for await answer in answers { return answer }
    return .null
  }

  @Test func systemMessagesThatLeadAreOneWhereTheTemplateTakesNoMore() async throws {
    #expect(
      try await text([("system", "A."), ("developer", "B."), ("system", "C."), ("user", "d")])
        == "<system>A.\n\nB.\n\nC.<user>d")
    #expect(
      try await text([
        ("system", "A."), ("system", "B."), ("user", "c"), ("assistant", "d"), ("system", "E."),
      ]) == "<system>A.\n\nB.<user>c<assistant>d<user>E.")
  }

  @Test func systemMessagesFurtherOnAreTheUsersWhereTheTemplateTakesNone() async throws {
    #expect(
      try await text([
        ("system", "A."), ("user", "b"), ("assistant", "c"), ("system", "D."), ("user", "e"),
      ]) == "<system>A.<user>b<assistant>c<user>D.\n\ne")
    #expect(
      try await text([("user", "a"), ("assistant", "b"), ("system", "C.")])
        == "<user>a<assistant>b<user>C.")
    // What it refuses otherwise too stays refused.
    #expect(
      try await text([("user", "a"), ("assistant", "b"), ("assistant", "c"), ("system", "D.")])
        == "chat_template_error")
  }

  @Test func systemMessagesFurtherOnStayWhereTheTemplateTakesThem() async throws {
    let template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    #expect(
      try await text([("user", "a"), ("system", "B."), ("user", "c")], template)
        == "<user>a<system>B.<user>c")
    #expect(
      try await text([("system", "A."), ("system", "B."), ("user", "c")], template)
        == "<system>A.<system>B.<user>c")
  }

  @Test func instructionsAndADevelopersItemAreOneMessage() async throws {
    let engine = FakeEngine(turns: try ChatTemplate(Self.strict))
    try await RunningServer.serving(engine) { server in
      let answer = try await server.post(
        "/v1/responses",
        ResponsesTests.request([
          "input": [
            ["role": "developer", "content": "In verse."], ["role": "user", "content": "a"],
          ]
        ]))
      #expect(answer.status == 200)
    }
    #expect(engine.lastMessages.map(\.role) == ["system", "user"])
    #expect(engine.lastMessages[0].content == "Be brief.\n\nIn verse.")
  }

  private static func calling(_ id: String, content: String = "") -> [JSONValue] {
    [
      ["role": "user", "content": "When?"],
      [
        "role": "assistant", "content": .string(content), "reasoning_content": "Noon?",
        "tool_calls": [
          [
            "id": .string(id), "type": "function",
            "function": ["name": "time", "arguments": "{}"],
          ]
        ],
      ],
      ["role": "tool", "tool_call_id": .string(id), "content": "noon"],
    ]
  }

  @Test(.enabled(if: Fixtures.isPresent, Fixtures.absence))
  func theRealTemplateOfGPTOSSReadsWhatWasThoughtBeforeACall() async throws {
    let bytes = try Fixtures.bytes("templates/openai-gpt-oss-120b.jinja")
    let source = String(decoding: bytes, as: UTF8.self)
    let engine = FakeEngine(template: source, turns: try ChatTemplate(source))
    let prompt = try #require(try await text(Self.calling("c"), engine).stringValue)
    #expect(prompt.contains("<|start|>assistant<|channel|>analysis<|message|>Noon?<|end|>"))
    // It refuses both.
    let words = try #require(
      try await text(Self.calling("c", content: "Let me see."), engine).stringValue)
    #expect(words.contains("<|message|>Let me see.<|end|>") && !words.contains("Noon?"))
  }

  @Test(
    arguments: [
      ("{{ message.thinking }}", "", "Noon?"), ("{{ message.thinking }}", "Let me see.", nil),
      ("{{ message.thinking or message.reasoning_content }}", "", nil),
      ("{{ message.reasoning_content }}", "", nil),
    ] as [(String, String, String?)])
  func thoughtsAreCalledAsTheTemplateCallsThem(
    template: String, content: String, thinking: String?
  ) async throws {
    let engine = FakeEngine(template: "{% if tools %}{% endif %}" + template)
    try await RunningServer.serving(engine) { server in
      let messages = JSONValue.array(Self.calling("c", content: content))
      let answer = try await server.chat(ChatCompletionTests.chat(["messages": messages]))
      #expect(answer.status == 200, "\(answer.body)")
    }
    #expect(engine.lastMessages[1].extra["thinking"]?.stringValue == thinking)
    #expect(engine.lastMessages[1].extra["reasoning_content"] == "Noon?")
  }

  @Test(
    arguments: [
      ("[TOOL_CALLS]", "call_0123456789abcdefghijklmn", false),
      ("[TOOL_CALLS][ARGS]", "toolu_1", false), ("[TOOL_CALLS]", "12345678é", false),
      ("[TOOL_CALLS]", "ab3456789", true), ("<tool_call>", "toolu_1", true),
    ])
  func idsOfCallsAreWhatTheTemplateTakes(mark: String, id: String, isKept: Bool) async throws {
    let engine = FakeEngine(template: "{% if tools %}\(mark){% endif %}")
    for _ in 0..<2 {
      try await RunningServer.serving(engine) { server in
        let messages = JSONValue.array(Self.calling(id))
        let answer = try await server.chat(ChatCompletionTests.chat(["messages": messages]))
        #expect(answer.status == 200, "\(answer.body)")
      }
      let messages = engine.lastMessages
      let call = try #require(messages[1].extra["tool_calls"]?[0]?["id"]?.stringValue)
      #expect(messages[2].extra["tool_call_id"] == .string(call))
      #expect((call == id) == isKept)
      if !isKept { #expect(call.count == 9 && call.allSatisfy { ("a"..."z").contains($0) }) }
      // It is the same for ever.
      if id == "toolu_1", !isKept { #expect(call == "ahmhdmysw") }
    }
  }

  @Test(.enabled(if: Fixtures.isPresent, Fixtures.absence))
  func theRealTemplateOfMistralTakesIdsOfOthers() async throws {
    let bytes = try Fixtures.bytes("templates/Mistral-Small-3.2-24B-Instruct-2506.jinja")
    let source = String(decoding: bytes, as: UTF8.self)
    let engine = FakeEngine(template: source, turns: try ChatTemplate(source))
    let prompt = try #require(try await text(Self.calling("toolu_1"), engine).stringValue)
    #expect(prompt.contains("ahmhdmysw") && !prompt.contains("toolu_1"))
  }
}
