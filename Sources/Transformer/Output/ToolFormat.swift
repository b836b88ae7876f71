// How models write that a function is to be called. A model follows what its template has shown it,
// so the template tells which way is meant.

/// A way of writing calls.
package enum ToolFormat: Sendable, Equatable, CaseIterable {
  /// `<tool_call>{"name":…,"arguments":…}</tool_call>`, one for each call: Hermes, Qwen.
  case hermes
  /// `[TOOL_CALLS][{"name":…,"arguments":…}]`, or the name and `[ARGS]` before the arguments.
  case mistral
  /// `{"name":…,"parameters":…}` as the whole answer, behind `<|python_tag|>` or nothing: Llama 3.
  case llama3
  /// `<|tool_call|>[{"name":…,"arguments":…}]`: Granite.
  case granite
  /// A JSON object as the whole answer, because a system message asked for it.
  case generic

  /// The way that a chat template shows, `generic` where it shows none.
  package init(template: String) {
    if template.contains("[TOOL_CALLS]") {
      self = .mistral
    } else if template.contains("<|tool_call|>") {
      self = .granite
    } else if template.contains("<tool_call>") {
      self = .hermes
    } else if template.contains("<|python_tag|>")
      || template.contains("parameters") && template.contains("ipython")
    {
      self = .llama3
    } else {
      self = .generic
    }
  }

  /// What calls begin with; nil where they are the whole answer.
  package var opening: String? {
    switch self {
    case .hermes: "<tool_call>"
    case .mistral: "[TOOL_CALLS]"
    case .granite: "<|tool_call|>"
    case .llama3, .generic: nil
    }
  }

  /// What may stand before calls that are the whole answer.
  package var prefix: String? { self == .llama3 ? "<|python_tag|>" : nil }

  /// What a call ends with, where something more than its JSON does.
  package var closing: String? { self == .hermes ? "</tool_call>" : nil }

  /// Spellings that may be special tokens.
  package var markers: [String] {
    [opening, prefix, closing, self == .mistral ? "[ARGS]" : nil].compactMap(\.self)
  }
}

/// The calls that an answer may have.
package struct ToolReading: Sendable {
  package let format: ToolFormat
  /// Names of the functions; another name is no call but text.
  package let names: Set<String>
  /// Whether an answer may have more than one call.
  package var allowsSeveral: Bool

  package init(format: ToolFormat, names: Set<String>, allowsSeveral: Bool = true) {
    self.format = format
    self.names = names
    self.allowsSeveral = allowsSeveral
  }
}
