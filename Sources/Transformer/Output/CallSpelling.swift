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
    switch format {
    case .hermes:
      opening = "<tool_call>"
      front = "\n{\"name\": \""
      middle = "\", \"arguments\": "
      after = "}\n</tool_call>"
    case .mistral:
      opening = "[TOOL_CALLS]"
      front = "[{\"name\": \""
      middle = "\", \"arguments\": "
      after = "}]"
    case .granite:
      opening = "<|tool_call|>"
      front = "[{\"name\": \""
      middle = "\", \"arguments\": "
      after = "}]"
    case .llama3:
      opening = "{\"name\""
      front = ": \""
      middle = "\", \"parameters\": "
      after = "}"
    case .generic:
      opening = "{\"name\""
      front = ": \""
      middle = "\", \"arguments\": "
      after = "}"
    }
  }

  /// What stands between the opening and the arguments.
  package func before(_ name: String) -> String { front + name + middle }
}
