// Which chat template a model's conversations are written by.

import JSON
import TensorCore
import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite struct ChatTemplateTests {
  /// Calls `body` with the path of the tiny model, with templates by the ends of their keys.
  private func withModel(
    _ templates: [String: String], _ body: (_ path: String) throws -> Void
  ) throws {
    try TemporaryFolder.with { folder in
      var variant = ModelVariant()
      for (key, source) in templates {
        variant.metadata["tokenizer." + key] = .value(.string(source))
      }
      let path = folder + "/model.gguf"
      try variant.write(TinyModel(name: "llama").file(), to: path)
      try body(path)
    }
  }

  private func options(_ chatTemplate: String? = nil) -> ModelOptions {
    var options = ModelOptions()
    options.threadCount = 1
    options.chatTemplate = chatTemplate
    return options
  }

  @Test("An empty template is none", arguments: ["", " ", "\n\t \r\n"])
  func emptyTemplates(source: String) throws {
    try withModel(["chat_template": source]) { path in
      let model = try Model.load(path, options: options())
      #expect(model.chatTemplate == nil)
      #expect(try !Model.describe(path).hasChatTemplate)
      #expect(try PromptWriter(path: path).templates.plain == nil)
      let error = #expect(throws: ModelError.self) { try model.prompt([.user("Hello")]) }
      #expect(error?.code == .noChatTemplate)
    }
  }

  @Test("An empty template takes the place of the file's own, and is none")
  func emptyOverride() throws {
    try withModel(["chat_template": "{{ messages }}"]) { path throws in
      #expect(try Model.load(path, options: options(" ")).chatTemplate == nil)
      #expect(try !Model.describe(path, options: options(" ")).hasChatTemplate)
      #expect(try Model.describe(path).hasChatTemplate)
    }
  }

  private static let plain = "{{ 'plain <think>' }}"
  private static let tools = "{{ 'with ' ~ (tools | length) ~ ' [TOOL_CALLS]' }}"
  private static let function: JSONValue = ["function": ["name": "time"]]

  @Test("Where functions are shown, a file's template for them is taken")
  func toolTemplates() throws {
    let templates = ["chat_template": Self.plain, "chat_template.tool_use": Self.tools]
    try withModel(templates) { path in
      let model = try Model.load(path, options: options())
      let writer = try PromptWriter(path: path)
      let cases: [(variables: JSONObject, text: String)] = [
        ([:], "plain <think>"), (["tools": []], "plain <think>"),
        (["tools": .null], "plain <think>"),
        (["tools": [Self.function]], "with 1 [TOOL_CALLS]"),
      ]
      for (variables, text) in cases {
        #expect(try model.promptText([.user("Hello")], variables: variables) == text)
        #expect(
          try writer.text([.user("Hello")], addGenerationPrompt: true, variables: variables) == text
        )
      }
      let (alone, shown) = (
        model.outputs.output(withTools: false), model.outputs.output(withTools: true)
      )
      #expect(!alone.showsTools && alone.reasoningTags != nil && alone.callFormat == .generic)
      #expect(shown.showsTools && shown.reasoningTags == nil && shown.callFormat == .mistral)
    }
  }

  @Test("A template for functions alone is the model's template", arguments: [nil, " "])
  func onlyToolTemplate(plain: String?) throws {
    var templates = ["chat_template.tool_use": Self.tools]
    templates["chat_template"] = plain
    try withModel(templates) { path in
      #expect(try Model.describe(path).hasChatTemplate)
      let model = try Model.load(path, options: options())
      #expect(model.chatTemplate?.source == Self.tools)
      #expect(try model.promptText([.user("Hello")]) == "with 0 [TOOL_CALLS]")
      #expect(model.outputs.output(withTools: false).callFormat == .mistral)
      // Who has the file finds the same hash, whichever template is the model's.
      #expect(
        try model.info.tokenizerBytes(chatTemplate: model.chatTemplate?.source)
          == GGUFFile(path: path).tokenizerBytes())
    }
  }

  @Test("A template that is given takes the place of both")
  func override() throws {
    let templates = ["chat_template": Self.plain, "chat_template.tool_use": Self.tools]
    try withModel(templates) { path in
      let model = try Model.load(path, options: options("mine {{ tools is defined }}"))
      let text = try model.promptText([.user("a")], variables: ["tools": [Self.function]])
      #expect(text == "mine True")
      #expect(
        try model.info.tokenizerBytes(chatTemplate: model.chatTemplate?.source)
          != GGUFFile(path: path).tokenizerBytes())
    }
  }

  @Test("A template for functions that is none is told of with the file")
  func wrongToolTemplate() throws {
    try withModel(["chat_template": Self.plain, "chat_template.tool_use": "{% if %}"]) { path in
      let error = #expect(throws: ModelError.self) { try Model.load(path, options: options()) }
      #expect(error?.description.contains(path) == true)
    }
  }

  @Test("A conversation with tools is written by the template for them")
  func conversations() async throws {
    var model: Model?
    let plain = "{{ raise_exception('plain') if messages[0].content == 'tools' else 'a' }}"
    let tools =
      "{{ raise_exception('tools') if messages[0].content == 'plain' else 'a' }}"
      + "{{ tools }}[TOOL_CALLS]"
    try withModel(["chat_template": plain, "chat_template.tool_use": tools]) { path in
      model = try Model.load(path, options: options())
    }
    let engine = try Engine(#require(model))
    var brief = GenerationOptions(maximumResponseTokens: 4, seed: 1)
    let tool = Tool("time", "Tells the time.") { (_: [Bool]) in "noon" }
    let withTool = Conversation(engine, tools: [tool])
    await #expect(throws: TemplateError.self) { try await withTool.respond(to: "plain") }
    _ = try await withTool.respond(to: "tools", options: brief)
    brief.toolChoice = .none
    _ = try await Conversation(engine, tools: [tool]).respond(to: "plain", options: brief)
    await #expect(throws: TemplateError.self) {
      try await Conversation(engine).respond(to: "tools", options: brief)
    }
  }
}
