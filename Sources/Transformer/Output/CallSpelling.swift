// How a call is spelled in each format, for answers that are held to it.

package import Constraints

package typealias CallFrame = Constraint.Frame

/// One call in the format of a template: what it begins with, and what stands around its arguments.
package struct CallSpelling: Sendable {
  /// What tells that a call begins.
  package let opening: String
  private let front: String
  private let middle: String
  package let after: String

  package init(_ format: ToolFormat) {
    let mark = format.opening ?? ""
    let (name, arguments) = ("{\"name\": \"", "\", \"arguments\": ")
    switch format {
    case .hermes: self.init(mark, "\n" + name, arguments, "}\n</tool_call>")
    case .mistral, .granite, .fireFunction: self.init(mark, "[" + name, arguments, "}]")
    case .nemotron: self.init(mark, "[" + name, arguments, "}]</TOOLCALL>")
    case .apriel: self.init(mark, "[" + name, arguments, "}]</tool_calls>")
    case .command:
      self.init(mark, "[{\"tool_name\": \"", "\", \"parameters\": ", "}]<|END_ACTION|>")
    // Their own arguments are no JSON, but JSON is understood.
    case .gemma: self.init(mark, name, arguments, "}<tool_call|>")
    case .parameters, .seedParameters, .pairs, .invocations, .deepSeekMarked, .deepSeekMarkedCalls:
      self.init(mark, name, arguments, "}" + (format.closings.first ?? ""))
    case .mistralNames: self.init(mark, "", "[ARGS]", "")
    case .deepSeek:
      self.init(
        mark, "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜><｜tool▁calls▁end｜>")
    case .deepSeekFenced:
      self.init(
        mark, "<｜tool▁call▁begin｜>function<｜tool▁sep｜>", "\n```json\n",
        "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>")
    case .kimi:
      self.init(
        mark, "<|tool_call_begin|>functions.", ":0<|tool_call_argument_begin|>",
        "<|tool_call_end|><|tool_calls_section_end|>")
    case .functionary: self.init(mark, "", ">", "</function>")
    case .functionaryRecipients: self.init(mark, "", "\n", "")
    case .channels: self.init("<|channel|>commentary", " to=functions.", "<|message|>", "")
    case .llama3: self.init("{\"name\"", ": \"", "\", \"parameters\": ", "}")
    case .generic: self.init("{\"name\"", ": \"", arguments, "}")
    }
  }

  private init(_ opening: String, _ front: String, _ middle: String, _ after: String) {
    self.opening = opening
    self.front = front
    self.middle = middle
    self.after = after
  }

  /// What stands between the opening and the arguments.
  package func before(_ name: String) -> String { front + name + middle }
}
