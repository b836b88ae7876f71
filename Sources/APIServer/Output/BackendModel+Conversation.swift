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
    return try Self.written(messages) { messages in
      try engine.prompt(
        messages, addGenerationPrompt: conversation.addsGenerationPrompt, variables: variables)
    }
  }

  /// The text that these tokens are made of.
  func promptText(_ conversation: ConversationFields) throws -> String {
    var (messages, variables) = try templateInput(conversation)
    let mark = conversation.continuesFinalMessage ? Self.markEnd(of: &messages) : nil
    let text = try Self.written(messages) { messages in
      try engine.promptText(
        messages, addGenerationPrompt: conversation.addsGenerationPrompt, variables: variables)
    }
    guard conversation.continuesFinalMessage else { return text }
    // What the template puts behind the last words ends a turn that is not over. By bytes: a letter
    // may be one character with what stands in front of it.
    let pieces = mark.map { text.utf8.split(separator: $0.utf8, omittingEmptySubsequences: false) }
    guard let pieces, pieces.count > 1 else {
      throw APIError.invalid(
        "continue_final_message", "unsupported_value",
        "The model's template changes the last message, so that it can't be continued.")
    }
    return pieces.dropLast().map { String(Substring($0)) }.joined()
  }

  /// What the template makes of messages. Where it refuses them, the system messages that lead are
  /// tried as one, and then those further on as the user's.
  private static func written<Prompt>(
    _ messages: [ChatMessage], by write: ([ChatMessage]) throws -> Prompt
  ) throws -> Prompt {
    do {
      return try write(messages)
    } catch let refusal as TemplateError where refusal.code == .raised {
      let joined = messages.joiningLeadingSystem
      for others in [joined, (joined ?? messages).turningLaterSystem] {
        if let others, let prompt = try? write(others) { return prompt }
      }
      throw refusal
    }
  }

  /// Puts a mark behind the last message's words, where a template that trims it leaves it, and gives it;
  /// nil where there are no words. It is random: the words themselves may stand anywhere in the text.
  private static func markEnd(of messages: inout [ChatMessage]) -> String? {
    guard let words = messages.last?.content,
      let end = words.lastIndex(where: { !$0.isWhitespace })
    else { return nil }
    let mark = "end\(UInt64.random(in: 0...(.max)))n\(UInt64.random(in: 0...(.max)))"
    messages[messages.count - 1].content = words[...end] + mark
    return mark
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
    guard !engine.facts.isEncoder else { throw APIError.writesNothing(model: name) }
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
    let messages = conversation.messages
    guard !output.showsTools else {
      if let tools = conversation.tools { variables["tools"] = .array(tools.functions) }
      return (messages.written(for: output), variables)
    }
    return (
      PlainToolMessages.rewritten(messages, tools: conversation.tools?.functions), variables
    )
  }
}
