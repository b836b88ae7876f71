// How the answers to a model's template are written.

package import Tokenizer

/// What a chat template tells of the answers to it.
package struct ModelOutput: Sendable {
  package let toolFormat: ToolFormat
  /// What stands around reasoning; nil where the template shows none.
  package let reasoningTags: ReasoningTags?
  /// Whether the template shows the model what functions there are.
  package let showsTools: Bool
  /// Whether the template lets thinking be switched on or off, and whether it knows degrees of it.
  package let switchesThinking: Bool
  package let knowsEffort: Bool
  /// Whether the template reads a message's thoughts as `thinking`, and not as `reasoning_content`.
  package let readsThinking: Bool
  /// Spellings that mark calls and reasoning, where the engine's text leaves them out.
  package let markers: [TokenID: String]

  /// - Parameter hiddenToken: the one token of a spelling that the engine's text leaves out; nil
  ///   where it has several or is told.
  package init(template: String, hiddenToken: (_ spelling: String) -> TokenID?) {
    toolFormat = ToolFormat(template: template)
    reasoningTags = ReasoningTags.shown(by: template)
    showsTools = template.contains("tools")
    switchesThinking = Self.switches.contains { template.contains($0) }
    knowsEffort = template.contains("reasoning_effort")
    readsThinking =
      template.contains("message.thinking") && !template.contains("reasoning_content")
    var markers: [TokenID: String] = [:]
    let tags = reasoningTags ?? .think
    for marker in toolFormat.markers + [tags.opening, tags.closing] {
      if let token = hiddenToken(marker) { markers[token] = marker }
    }
    self.markers = markers
  }

  /// How templates ask whether a model is to think.
  private static let switches = ["enable_thinking", "if thinking", "not thinking"]

  /// Whether the model is known to think, or is told whether it shall.
  package var thinks: Bool { knowsEffort || switchesThinking || reasoningTags != nil }

  /// What holds an answer's thoughts to a number of tokens; nil where the answer is messages to
  /// channels, which have no tag that could end them.
  package func reasoningLimit(tokens: Int, _ reading: OutputReading) -> ReasoningLimit? {
    guard !reading.readsChannels, thinks else { return nil }
    return ReasoningLimit(
      tokenCount: tokens, opening: reading.tags.opening, closing: reading.tags.closing,
      isOpen: reading.startsInReasoning)
  }

  /// How calls are written: as the template shows it, where it shows functions at all.
  package var callFormat: ToolFormat { showsTools ? toolFormat : .generic }

  /// The mark behind which an answer that may be words is held to calls; nil where nothing tells: calls
  /// have no mark, or it may be thought of before.
  package func markOfCalls(_ reading: OutputReading) -> String? {
    let mayThink = reading.startsInReasoning || reasoningTags != nil || reading.readsChannels
    return mayThink || callFormat == .functionaryRecipients ? nil : callFormat.opening
  }

  /// How the answer to a prompt is to be taken apart.
  ///
  /// - Parameters:
  ///   - promptEnd: the text of the prompt's last tokens, special ones with their spellings; eight
  ///     hold the tag that opens reasoning and the line ends behind it.
  ///   - functions: those that the model may call; nil for none.
  package func reading(
    promptEnd: String, functions: [CallableFunction]?, allowsSeveralCalls: Bool = true
  ) -> OutputReading {
    let end = promptEnd.lastIndex { !$0.isWhitespace }.map { promptEnd[...$0] } ?? ""
    let tags = reasoningTags ?? .think
    return OutputReading(
      readsReasoning: true, tags: tags, readsChannels: toolFormat == .channels,
      startsInReasoning: end.hasSuffix(tags.opening),
      tools: functions.map {
        ToolReading(format: callFormat, functions: $0, allowsSeveral: allowsSeveralCalls)
      }, markers: markers)
  }
}

/// What a model's chat templates tell of the answers to them.
package struct ModelOutputs: Sendable {
  private let plain: ModelOutput
  private let withTools: ModelOutput

  /// - Parameters:
  ///   - template: the source of what conversations are written by; nil for a base model.
  ///   - withTools: the source of what they are written by where the model is shown functions; nil
  ///     where that is the same.
  ///   - hiddenToken: as for `ModelOutput`.
  package init(
    template: String?, withTools: String?, hiddenToken: (_ spelling: String) -> TokenID?
  ) {
    plain = ModelOutput(template: template ?? "", hiddenToken: hiddenToken)
    self.withTools =
      withTools.map { ModelOutput(template: $0, hiddenToken: hiddenToken) } ?? plain
  }

  /// What is told of answers where the model is shown functions, or none.
  package func output(withTools: Bool) -> ModelOutput { withTools ? self.withTools : plain }
}
