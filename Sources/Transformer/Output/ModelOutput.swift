// How the answers to a model's template are written.

package import Tokenizer

/// What a chat template tells of the answers to it.
package struct ModelOutput: Sendable {
  package let toolFormat: ToolFormat
  /// What stands around reasoning; nil where the template shows none.
  package let reasoningTags: ReasoningTags?
  /// Whether the template shows the model what functions there are.
  package let showsTools: Bool
  /// Whether the template lets its thinking be switched off, and whether it knows degrees of it.
  package let switchesThinking: Bool
  package let knowsEffort: Bool
  /// Spellings that mark calls and reasoning, where the engine's text leaves them out.
  package let markers: [TokenID: String]

  /// - Parameter hiddenToken: the one token of a spelling that the engine's text leaves out; nil
  ///   where it has several or is told.
  package init(template: String, hiddenToken: (_ spelling: String) -> TokenID?) {
    toolFormat = ToolFormat(template: template)
    reasoningTags = ReasoningTags.shown(by: template)
    showsTools = template.contains("tools")
    switchesThinking = template.contains("enable_thinking")
    knowsEffort = template.contains("reasoning_effort")
    var markers: [TokenID: String] = [:]
    let tags = reasoningTags ?? .think
    for marker in toolFormat.markers + [tags.opening, tags.closing] {
      if let token = hiddenToken(marker) { markers[token] = marker }
    }
    self.markers = markers
  }

  /// How calls are written: as the template shows it, where it shows functions at all.
  package var callFormat: ToolFormat { showsTools ? toolFormat : .generic }

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
