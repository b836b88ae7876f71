// Ways of writing calls as constraints, so that an answer is a call.

package import Constraints
package import JSON

/// A function as constraints see it.
package struct CallableFunction: Sendable {
  package let name: String
  /// A JSON Schema of its arguments, an object.
  package let parameters: JSONValue

  package init(name: String, parameters: JSONValue) {
    self.name = name
    self.parameters = parameters
  }
}

extension ToolFormat {
  /// Calls of some functions and nothing else, as this way writes them.
  ///
  /// - Parameter several: Whether there may be more than one.
  package func calls(of functions: [CallableFunction], several: Bool) -> ConstraintPart {
    let call = ConstraintPart.either(functions.map { self.call(of: $0) })
    let between = separator
    let list =
      several && between != nil ? .list(call, separator: .text(between ?? "")) : call
    let open: ConstraintPart = .text(opening ?? "")
    switch self {
    case .hermes:
      let one: [ConstraintPart] = [.space(most: 1), call, .space(most: 1), .text("</tool_call>")]
      guard several else { return .sequence([open] + one) }
      let more = ConstraintPart.sequence([.space(most: 1), .text("<tool_call>")] + one)
      return .sequence([open] + one + [.either([.text(""), .list(more, separator: .text(""))])])
    case .mistral, .granite, .fireFunction, .command, .nemotron, .apriel:
      return .sequence(
        [open, .text("["), .space(most: 1), list, .space(most: 1), .text("]")]
          + closings.filter { $0 != opening }.map { .text($0) })
    case .deepSeek, .deepSeekFenced:
      return .sequence([open, list, .text("<｜tool▁calls▁end｜>")])
    case .kimi: return .sequence([open, list, .text("<|tool_calls_section_end|>")])
    case .mistralNames, .gemma, .functionary, .functionaryRecipients, .llama3, .generic, .channels:
      return .sequence([open, list])
    }
  }

  /// What tells that calls begin: their mark, or the beginning of the first where they have none.
  package var beginning: String {
    opening ?? (self == .channels ? "<|channel|>commentary to=functions." : "{\"name\"")
  }

  /// What stands between calls; nil where only one is written.
  private var separator: String? {
    switch self {
    case .mistral, .granite, .fireFunction, .command, .nemotron, .apriel: ", "
    case .llama3: "; "
    case .generic: "\n"
    case .mistralNames: "[TOOL_CALLS]"
    case .gemma: "<|tool_call>"
    case .functionary: "<function="
    case .deepSeek, .kimi: ""
    case .deepSeekFenced: "\n"
    case .functionaryRecipients: ">>>"
    case .hermes, .channels: nil
    }
  }

  /// One call, without what opens calls.
  private func call(of function: CallableFunction) -> ConstraintPart {
    let schema = ConstraintPart.schema(function.parameters)
    func around(_ before: String, _ after: String) -> ConstraintPart {
      .sequence([.text(before), schema, .text(after)])
    }
    let name = function.name
    switch self {
    case .mistralNames: return around("\(name)[ARGS]", "")
    // Its arguments are no JSON, so that the name alone can be held to.
    case .gemma: return .sequence([.text("call:\(name){"), .until("}<tool_call|>")])
    case .deepSeek: return around("<｜tool▁call▁begin｜>\(name)<｜tool▁sep｜>", "<｜tool▁call▁end｜>")
    case .deepSeekFenced:
      return around(
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>\(name)\n```json\n", "\n```<｜tool▁call▁end｜>")
    case .kimi:
      return around(
        "<|tool_call_begin|>functions.\(name):0<|tool_call_argument_begin|>", "<|tool_call_end|>")
    case .functionary: return around("\(name)>", "</function>")
    case .functionaryRecipients: return around("\(name)\n", "")
    case .channels:
      return around(
        "<|channel|>commentary to=functions.\(name) <|constrain|>json<|message|>", "")
    case .llama3: return object(function, "name", "parameters")
    case .command: return object(function, "tool_name", "parameters")
    case .hermes, .mistral, .granite, .fireFunction, .nemotron, .apriel, .generic:
      return object(function, "name", "arguments")
    }
  }

  private func object(
    _ function: CallableFunction, _ nameKey: String, _ argumentsKey: String
  ) -> ConstraintPart {
    let name = JSONValue.string(function.name).serialized()
    return .sequence([
      .text("{"), .space(most: 1), .text("\"\(nameKey)\":"), .space(most: 1), .text(name),
      .text(","), .space(most: 1), .text("\"\(argumentsKey)\":"), .space(most: 1),
      .schema(function.parameters), .space(most: 1), .text("}"),
    ])
  }
}
