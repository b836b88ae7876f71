// A conversation and how the model's template is to write it. The same wherever messages are sent.

import JSON
import Transformer

/// The messages of a request and what goes to the template with them.
struct ConversationFields {
  let messages: [ChatMessage]
  /// The functions that the model may call; nil for none.
  var tools: ToolFields?
  /// How much the model is to think.
  var thinking = ThinkingFields()
  /// Whether the template opens the assistant's turn.
  var addsGenerationPrompt = true
  /// Whether the answer goes on with the last message, which is the assistant's.
  var continuesFinalMessage = false
  /// `chat_template_kwargs`: variables for the template.
  var templateVariables: JSONObject = [:]
  /// How long an answer is to be, in OpenAI's words; nil where nothing was said.
  private(set) var verbosity: String?

  init(messages: [ChatMessage], tools: ToolFields?) {
    self.messages = messages
    self.tools = tools
  }

  /// The conversation of a chat completion's body.
  init(_ fields: inout RequestFields, limits: Server.Limits) throws(APIError) {
    messages = try ChatMessageFields.messages(&fields, atMost: limits.messageCount)
    tools = try ToolFields.chat(&fields, limits: limits)
    thinking = try ThinkingFields(chat: &fields)
    continuesFinalMessage = try fields.bool("continue_final_message") ?? false
    addsGenerationPrompt =
      try fields.bool("add_generation_prompt") ?? !continuesFinalMessage
    guard !continuesFinalMessage || !addsGenerationPrompt else {
      throw fields.invalid(
        "continue_final_message", "invalid_value",
        "can't be combined with 'add_generation_prompt'; send one of them")
    }
    guard !continuesFinalMessage || messages.last?.canBeContinued == true else {
      throw fields.invalid(
        "continue_final_message", "invalid_value",
        "needs a last message of the assistant with text and without calls")
    }
    templateVariables = try fields.fields("chat_template_kwargs")?.members ?? [:]
    try read(verbosity: &fields)
  }

  /// `verbosity`: how long an answer is to be. It goes to the template, and nothing else is done.
  mutating func read(verbosity fields: inout RequestFields) throws(APIError) {
    guard let verbosity = try fields.string("verbosity") else { return }
    guard ["low", "medium", "high"].contains(verbosity) else {
      throw fields.invalid("verbosity", "invalid_value", "must be one of low, medium and high")
    }
    self.verbosity = verbosity
    if templateVariables["verbosity"] == nil { templateVariables["verbosity"] = .string(verbosity) }
  }
}

extension ChatMessage {
  /// Whether it is the beginning of an answer.
  var canBeContinued: Bool {
    role == "assistant" && extra["tool_calls"] == nil
      && content.contains { !$0.isWhitespace }
  }
}
