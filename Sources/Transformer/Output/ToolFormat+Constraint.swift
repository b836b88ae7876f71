// Ways of writing calls as constraints, so that an answer is a call.

package import Constraints
package import JSON

/// A function as constraints see it.
package struct CallableFunction: Sendable {
  package let name: String
  /// A JSON Schema of its arguments, an object.
  package let parameters: JSONValue
  /// Whether all of the schema must be enforced; otherwise what cannot be is left out.
  package let isStrict: Bool

  package init(name: String, parameters: JSONValue, isStrict: Bool = true) {
    self.name = name
    self.parameters = parameters
    self.isStrict = isStrict
  }

  /// Its arguments as one object.
  package var arguments: ConstraintPart { part(parameters) }

  /// JSON of a schema out of `parameters`.
  func part(_ schema: JSONValue) -> ConstraintPart {
    isStrict ? .schema(schema) : .loosened(schema)
  }
}

extension ToolFormat {
  /// Calls of some functions and nothing else, as this way writes them.
  ///
  /// - Parameter several: Whether there may be more than one.
  package func calls(of functions: [CallableFunction], several: Bool) -> ConstraintPart {
    let call = ConstraintPart.either(functions.map { self.call(of: $0) })
    var list = call
    if several, let separator { list = .list(call, separator: separator) }
    let open: ConstraintPart = .text(opening ?? "")
    switch self {
    case .hermes, .parameters, .seedParameters, .pairs:
      // The first of the marks behind a call ends it, unless the call has done so itself.
      let end: [ConstraintPart] =
        self == .pairs ? [] : [.space(most: 1), .text(closings.first ?? "")]
      let one: [ConstraintPart] = [.space(most: 1), call] + end
      guard several else { return .sequence([open] + one) }
      let more = ConstraintPart.sequence([.space(most: 1), .text(opening ?? "")] + one)
      return .sequence([open] + one + [.either([.text(""), .list(more, separator: .text(""))])])
    case .invocations, .deepSeekMarked, .deepSeekMarkedCalls:
      return .sequence([
        open, .space(most: 1), list, .space(most: 1), .text(closings.first ?? ""),
      ])
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
  private var separator: ConstraintPart? {
    switch self {
    case .mistral, .granite, .fireFunction, .command, .nemotron, .apriel: .text(", ")
    case .llama3: .text("; ")
    case .generic: .text("\n")
    case .mistralNames: .text("[TOOL_CALLS]")
    case .gemma: .text("<|tool_call>")
    case .functionary: .text("<function=")
    case .deepSeek, .kimi: .text("")
    case .deepSeekFenced: .text("\n")
    case .functionaryRecipients: .text(">>>")
    case .invocations, .deepSeekMarked, .deepSeekMarkedCalls: .space(most: 1)
    case .hermes, .channels, .parameters, .seedParameters, .pairs: nil
    }
  }

  /// One call, without what opens calls.
  private func call(of function: CallableFunction) -> ConstraintPart {
    if let elements { return elements.call(of: function) }
    let schema = function.arguments
    func around(_ before: String, _ after: String) -> ConstraintPart {
      .sequence([.text(before), schema, .text(after)])
    }
    let name = function.name
    switch self {
    case .mistralNames: return around("\(name)[ARGS]", "")
    case .gemma: return GemmaArguments.call(of: function)
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
    case .hermes, .mistral, .granite, .fireFunction, .nemotron, .apriel, .generic,
      // Elements, which were spelled above.
      .parameters, .seedParameters, .pairs, .invocations, .deepSeekMarked, .deepSeekMarkedCalls:
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
      function.arguments, .space(most: 1), .text("}"),
    ])
  }
}
