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
      #expect(try PromptWriter(path: path).chatTemplate == nil)
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
}
