// From a conversation to the tokens of a prompt: all of a model that this takes.

package import JSON
import TensorCore
package import Tokenizer

/// A model's tokenizer and chat templates, without its weights.
package struct PromptWriter: Sendable {
  package let tokenizer: TextTokenizer
  package let templates: ChatTemplates
  /// What the model is called, for messages.
  let name: String

  init(tokenizer: TextTokenizer, templates: ChatTemplates, name: String) {
    self.tokenizer = tokenizer
    self.templates = templates
    self.name = name
  }

  /// Reads a model's file, and no weights of it.
  ///
  /// - Throws: `GGUFError`, `FileError` or `ModelError`.
  package init(path: String) throws {
    let file = try GGUFFile(path: path)
    let sources = try ChatTemplateSources(file.metadata)
    self.init(
      tokenizer: try TextTokenizer(file),
      templates: try ModelError.naming(path) { try ChatTemplates(sources) },
      name: try file.metadata.string("general.name") ?? path)
  }

  /// The tokens of a conversation, written by the chat template.
  package func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> [TokenID] {
    tokens(
      ofPrompt: try text(messages, addGenerationPrompt: addGenerationPrompt, variables: variables))
  }

  /// The tokens of a text that the chat template wrote.
  package func tokens(ofPrompt text: String) -> [TokenID] {
    // The template writes the special tokens itself; a BOS it wrote must not stand twice.
    var ids = tokenizer.encode(text, parsingSpecial: true, addingSpecial: true)
    if let begin = tokenizer.beginID, ids.count > 1, ids[0] == begin, ids[1] == begin {
      ids.removeFirst()
    }
    return ids
  }

  /// The text of a conversation, written by the chat template.
  package func text(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> String {
    guard let template = templates.template(for: variables) else {
      throw ModelError(
        .noChatTemplate,
        "\(name) is a base model without a chat template: give one with --chat-template, "
          + "or send it text to continue")
    }
    var all = variables
    all["messages"] = .array(messages.map(\.json))
    all["add_generation_prompt"] = .bool(addGenerationPrompt)
    all["bos_token"] = .string(tokenizer.beginID.map { tokenizer.text(of: $0) } ?? "")
    all["eos_token"] = .string(tokenizer.endID.map { tokenizer.text(of: $0) } ?? "")
    return try template.render(all)
  }
}
