// From a conversation to a prompt, and how its answer is to be read: both follow from the model's
// template.

import JSON
import Tokenizer
import Transformer

/// What a chat template tells of the answers to it.
struct ModelOutput: Sendable {
  let toolFormat: ToolFormat
  /// Whether the template shows the model what functions there are.
  let showsTools: Bool
  /// Whether the template lets its thinking be switched off, and whether it knows degrees of it.
  let switchesThinking: Bool
  let knowsEffort: Bool
  /// Spellings that mark calls and reasoning, where the engine's text leaves them out.
  let markers: [TokenID: String]

  init(of engine: any TextEngine) {
    let template = engine.chatTemplateSource ?? ""
    toolFormat = ToolFormat(template: template)
    showsTools = template.contains("tools")
    switchesThinking = template.contains("enable_thinking")
    knowsEffort = template.contains("reasoning_effort")
    var markers: [TokenID: String] = [:]
    for marker in toolFormat.markers + [ReasoningParser.opening, ReasoningParser.closing] {
      let tokens = engine.encode(marker, parsingSpecial: true, addingSpecial: false)
      if tokens.count == 1, engine.isHidden(tokens[0]) { markers[tokens[0]] = marker }
    }
    self.markers = markers
  }
}

extension BackendModel {
  /// The tokens of a conversation by the model's own template.
  func prompt(_ conversation: ConversationFields) throws -> [TokenID] {
    let (messages, variables) = try templateInput(conversation)
    return try engine.prompt(
      messages, addGenerationPrompt: conversation.addsGenerationPrompt, variables: variables)
  }

  /// The text that these tokens are made of.
  func promptText(_ conversation: ConversationFields) throws -> String {
    let (messages, variables) = try templateInput(conversation)
    return try engine.promptText(
      messages, addGenerationPrompt: conversation.addsGenerationPrompt, variables: variables)
  }

  /// How the answer to a prompt is to be taken apart.
  func reading(prompt: [TokenID], tools: ToolFields?) -> OutputReading {
    // The tag and the line ends behind it are a few tokens at most.
    let tail = engine.decode(Array(prompt.suffix(8)))
    let end = tail.lastIndex { !$0.isWhitespace }.map { tail[...$0] } ?? ""
    return OutputReading(
      readsReasoning: true, startsInReasoning: end.hasSuffix(ReasoningParser.opening),
      tools: tools.map {
        ToolReading(
          format: output.showsTools ? output.toolFormat : .generic, names: $0.names,
          allowsSeveral: $0.allowsSeveral)
      }, markers: output.markers)
  }

  private func templateInput(
    _ conversation: ConversationFields
  ) throws -> ([ChatMessage], JSONObject) {
    guard engine.hasChatTemplate else { throw APIError.chatTemplateMissing }
    var variables = conversation.templateVariables
    if let effort = conversation.reasoningEffort {
      guard output.knowsEffort || effort == "none" && output.switchesThinking else {
        throw APIError.invalid(
          "reasoning_effort", "unsupported_parameter",
          "The model's template has no such degree of reasoning: leave 'reasoning_effort' out.")
      }
      variables["reasoning_effort"] = .string(effort)
      variables["enable_thinking"] = .bool(effort != "none")
    }
    guard !output.showsTools else {
      if let tools = conversation.tools { variables["tools"] = .array(tools.functions) }
      return (conversation.messages, variables)
    }
    return (PlainToolMessages.rewritten(conversation), variables)
  }
}
