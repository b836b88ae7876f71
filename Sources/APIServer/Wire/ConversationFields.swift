// A conversation and how the model's template is to write it. The same wherever messages are sent.

import JSON
import Tokenizer
import Transformer

/// `messages` and what goes to the template with them.
struct ConversationFields {
  let messages: [ChatMessage]
  /// Whether the template opens the assistant's turn.
  let addsGenerationPrompt: Bool
  /// `chat_template_kwargs`: variables for the template.
  let templateVariables: JSONObject

  init(_ fields: inout RequestFields, limits: Server.Limits) throws(APIError) {
    messages = try ChatMessageFields.messages(&fields, atMost: limits.messageCount)
    addsGenerationPrompt = try fields.bool("add_generation_prompt") ?? true
    templateVariables = try fields.fields("chat_template_kwargs")?.members ?? [:]
  }
}

extension BackendModel {
  /// The tokens of a conversation by the model's own template.
  func prompt(_ conversation: ConversationFields) throws -> [TokenID] {
    guard engine.hasChatTemplate else { throw APIError.chatTemplateMissing }
    return try engine.prompt(
      conversation.messages, addGenerationPrompt: conversation.addsGenerationPrompt,
      variables: conversation.templateVariables)
  }

  /// The text that these tokens are made of.
  func promptText(_ conversation: ConversationFields) throws -> String {
    guard engine.hasChatTemplate else { throw APIError.chatTemplateMissing }
    return try engine.promptText(
      conversation.messages, addGenerationPrompt: conversation.addsGenerationPrompt,
      variables: conversation.templateVariables)
  }
}
