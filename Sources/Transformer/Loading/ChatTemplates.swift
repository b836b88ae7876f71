// Which chat templates a model's conversations are written by.

package import JSON
package import TensorCore
package import Tokenizer

/// The sources of a model's chat templates, unread.
package struct ChatTemplateSources: Sendable {
  /// What conversations are written by; nil for a base model.
  package let plain: String?
  /// What they are written by where the model is shown functions; nil where that is the same.
  package let withTools: String?

  /// Takes what a file has: `tokenizer.chat_template`, and `tokenizer.chat_template.tool_use` beside it
  /// or in its place. A template of nothing but white space is none: it would drop what was said.
  ///
  /// Source: llama.cpp, `common_chat_templates_init`.
  ///
  /// - Parameter replacement: takes the place of all that the file has.
  package init(_ metadata: GGUFMetadata, replacedBy replacement: String? = nil) throws(GGUFError) {
    func used(_ source: String?) -> String? {
      source?.allSatisfy(\.isWhitespace) == false ? source : nil
    }
    let own = try metadata.string("tokenizer.chat_template")
    let tools = try metadata.string("tokenizer.chat_template.tool_use")
    if let replacement {
      (plain, withTools) = (used(replacement), nil)
    } else if let own = used(own) {
      (plain, withTools) = (own, used(tools))
    } else {
      (plain, withTools) = (used(tools), nil)
    }
  }
}

/// The chat templates of a model.
package struct ChatTemplates: Sendable {
  /// What conversations are written by; nil for a base model.
  package let plain: ChatTemplate?
  /// What they are written by where the model is shown functions; nil where that is the same.
  package let withTools: ChatTemplate?

  package init(plain: ChatTemplate?, withTools: ChatTemplate? = nil) {
    self.plain = plain
    self.withTools = withTools
  }

  package init(_ sources: ChatTemplateSources) throws(TemplateError) {
    plain = if let source = sources.plain { try ChatTemplate(source) } else { nil }
    withTools = if let source = sources.withTools { try ChatTemplate(source) } else { nil }
  }

  /// What a conversation is written by whose template may read these variables.
  package func template(for variables: JSONObject) -> ChatTemplate? {
    guard let withTools, case .array(let tools)? = variables["tools"], !tools.isEmpty else {
      return plain
    }
    return withTools
  }
}
