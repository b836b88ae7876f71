// How the answers to a model's template are written.

package import Tokenizer

/// What a chat template tells of the answers to it.
package struct ModelOutput: Sendable {
  package let toolFormat: ToolFormat
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
    showsTools = template.contains("tools")
    switchesThinking = template.contains("enable_thinking")
    knowsEffort = template.contains("reasoning_effort")
    var markers: [TokenID: String] = [:]
    for marker in toolFormat.markers + [ReasoningParser.opening, ReasoningParser.closing] {
      if let token = hiddenToken(marker) { markers[token] = marker }
    }
    self.markers = markers
  }

  /// How the answer to a prompt is to be taken apart.
  ///
  /// - Parameters:
  ///   - promptEnd: the text of the prompt's last tokens, special ones with their spellings; eight
  ///     hold the tag that opens reasoning and the line ends behind it.
  ///   - functions: the names of the functions that the model may call; nil for none.
  package func reading(
    promptEnd: String, functions: Set<String>?, allowsSeveralCalls: Bool = true
  ) -> OutputReading {
    let end = promptEnd.lastIndex { !$0.isWhitespace }.map { promptEnd[...$0] } ?? ""
    return OutputReading(
      readsReasoning: true, startsInReasoning: end.hasSuffix(ReasoningParser.opening),
      tools: functions.map {
        ToolReading(
          format: showsTools ? toolFormat : .generic, names: $0, allowsSeveral: allowsSeveralCalls)
      }, markers: markers)
  }
}
