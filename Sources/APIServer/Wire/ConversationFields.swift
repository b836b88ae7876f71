// A conversation and how the model's template is to write it. The same wherever messages are sent.

import JSON
import Transformer

/// The messages of a request and what goes to the template with them.
struct ConversationFields {
  let messages: [ChatMessage]
  /// The functions that the model may call; nil for none.
  var tools: ToolFields?
  /// Whether the template opens the assistant's turn.
  var addsGenerationPrompt = true
  /// `chat_template_kwargs`: variables for the template.
  var templateVariables: JSONObject = [:]

  init(messages: [ChatMessage], tools: ToolFields?) {
    self.messages = messages
    self.tools = tools
  }

  /// The conversation of a chat completion's body.
  init(_ fields: inout RequestFields, limits: Server.Limits) throws(APIError) {
    messages = try ChatMessageFields.messages(&fields, atMost: limits.messageCount)
    tools = try ToolFields.chat(&fields, limits: limits)
    addsGenerationPrompt = try fields.bool("add_generation_prompt") ?? true
    templateVariables = try fields.fields("chat_template_kwargs")?.members ?? [:]
  }
}
