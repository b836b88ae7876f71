// From a conversation to a prompt, and how its answer is to be read: both follow from the model's
// template.

import JSON
import Tokenizer
import Transformer

extension BackendModel {
  /// The tokens of a conversation by the model's own template.
  func prompt(_ conversation: ConversationFields) throws -> [TokenID] {
    if conversation.continuesFinalMessage {
      return engine.tokens(ofPrompt: try promptText(conversation))
    }
    let (messages, variables) = try templateInput(conversation)
    return try engine.prompt(
      messages, addGenerationPrompt: conversation.addsGenerationPrompt, variables: variables)
  }

  /// The text that these tokens are made of.
  func promptText(_ conversation: ConversationFields) throws -> String {
    let (messages, variables) = try templateInput(conversation)
    let text = try engine.promptText(
      messages, addGenerationPrompt: conversation.addsGenerationPrompt, variables: variables)
    guard conversation.continuesFinalMessage, let last = messages.last else { return text }
    // What the template puts behind the last words ends a turn that is not over.
    let words = last.content.drop(while: \.isWhitespace)
    let end = words.lastIndex { !$0.isWhitespace }
    guard let end, let range = text.ranges(of: words[...end]).last else {
      throw APIError.invalid(
        "continue_final_message", "unsupported_value",
        "The model's template changes the last message, so that it can't be continued.")
    }
    return String(text[..<range.upperBound])
  }

  /// How the answer to a prompt is to be taken apart.
  func reading(prompt: [TokenID], tools: ToolFields?) -> OutputReading {
    output(tools).reading(
      promptEnd: engine.decode(Array(prompt.suffix(8))), functions: tools?.callable,
      allowsSeveralCalls: tools?.allowsSeveral ?? true)
  }

  private func templateInput(
    _ conversation: ConversationFields
  ) throws -> ([ChatMessage], JSONObject) {
    guard engine.hasChatTemplate else { throw APIError.chatTemplateMissing }
    var variables = conversation.templateVariables
    let output = output(conversation.tools)
    let thinking = conversation.thinking
    if thinking.isAsked {
      let isHeld = thinking.tokens == nil || output.toolFormat != .channels
      guard isHeld, output.thinks || thinking.isSwitchedOff else {
        throw APIError.invalid(
          thinking.field, "unsupported_parameter",
          "The model does not think, or not in a way that this bounds: leave "
            + "'\(thinking.field)' out.")
      }
      if let effort = thinking.effort { variables["reasoning_effort"] = .string(effort) }
      if let tokens = thinking.budget { variables["thinking_budget"] = .integer(Int64(tokens)) }
      for name in ["enable_thinking", "thinking"] {
        variables[name] = .bool(!thinking.isSwitchedOff)
      }
    }
    guard !output.showsTools else {
      if let tools = conversation.tools { variables["tools"] = .array(tools.functions) }
      return (conversation.messages, variables)
    }
    return (
      PlainToolMessages.rewritten(conversation.messages, tools: conversation.tools?.functions),
      variables
    )
  }
}
