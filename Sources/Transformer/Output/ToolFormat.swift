// How models write that a function is to be called. A model follows what its template has shown it,
// so the template tells which way is meant.

/// A way of writing calls.
package enum ToolFormat: Sendable, Equatable, CaseIterable {
  /// `<tool_call>{"name":…,"arguments":…}</tool_call>`, one for each call: Hermes, Qwen.
  case hermes
  /// `[TOOL_CALLS][{"name":…,"arguments":…}]`: Mistral's older models. The newer way is read too.
  case mistral
  /// `[TOOL_CALLS]name[ARGS]{…}`, perhaps with `[CALL_ID]…` between: Mistral's newer models.
  case mistralNames
  /// `{"name":…,"parameters":…}` as the whole answer, behind `<|python_tag|>` or nothing: Llama 3.
  case llama3
  /// `<|tool_call|>[{"name":…,"arguments":…}]`: Granite 3.
  case granite
  /// `<|tool_call>call:name{key:<|"|>text<|"|>}<tool_call|>`: Gemma 4.
  case gemma
  /// `<｜tool▁call▁begin｜>name<｜tool▁sep｜>{…}<｜tool▁call▁end｜>`: DeepSeek V3.1.
  case deepSeek
  /// The same with `function` for the name, which follows on the next place with fenced JSON: R1.
  case deepSeekFenced
  /// `<|tool_call_begin|>functions.name:0<|tool_call_argument_begin|>{…}<|tool_call_end|>`: Kimi K2.
  case kimi
  /// `<function=name>{…}</function>`: functionary 3.1.
  case functionary
  /// `>>>name`, a line end and `{…}`; words stand behind `>>>all`: functionary 3.2.
  case functionaryRecipients
  /// ` functools[{"name":…,"arguments":…}]`: FireFunction.
  case fireFunction
  /// `<|START_ACTION|>[{"tool_name":…,"parameters":…}]<|END_ACTION|>`: Command R.
  case command
  /// `<TOOLCALL>[{"name":…,"arguments":…}]</TOOLCALL>`: Nemotron.
  case nemotron
  /// `<tool_calls>[{"name":…,"arguments":…}]</tool_calls>`: Apriel.
  case apriel
  /// Messages to channels and recipients: gpt-oss. `ChannelParser` reads all of its answers.
  case channels
  /// A JSON object as the whole answer, because a system message asked for it.
  case generic

  /// What a template of each way contains; the first that fits decides.
  private static let signs: [(marks: [String], format: ToolFormat)] = [
    (["<|channel|>", "<|message|>"], .channels), (["[TOOL_CALLS]", "[ARGS]"], .mistralNames),
    (["[TOOL_CALLS]"], .mistral), (["<|tool_call|>"], .granite), (["<|tool_call>"], .gemma),
    (["<｜tool▁sep｜>", "```json"], .deepSeekFenced), (["<｜tool▁sep｜>"], .deepSeek),
    (["<|tool_call_argument_begin|>"], .kimi), (["<tool_calls>"], .apriel),
    (["<tool_call>"], .hermes), ([">>>all"], .functionaryRecipients),
    (["<function=", "</function>"], .functionary), (["functools["], .fireFunction),
    (["<|START_ACTION|>"], .command), (["<TOOLCALL>"], .nemotron), (["<|python_tag|>"], .llama3),
    (["parameters", "ipython"], .llama3),
  ]

  /// The way that a chat template shows, `generic` where it shows none.
  package init(template: String) {
    let sign = Self.signs.first { sign in sign.marks.allSatisfy { template.contains($0) } }
    // Others write parameters as elements of their own, which is no JSON and not read here.
    let hasElements = template.contains("<parameter=")
    self = sign.map { $0.format == .functionary && hasElements ? .generic : $0.format } ?? .generic
  }

  /// What calls begin with; nil where they are the whole answer.
  package var opening: String? {
    switch self {
    case .hermes: "<tool_call>"
    case .mistral, .mistralNames: "[TOOL_CALLS]"
    case .granite: "<|tool_call|>"
    case .gemma: "<|tool_call>"
    case .deepSeek, .deepSeekFenced: "<｜tool▁calls▁begin｜>"
    case .kimi: "<|tool_calls_section_begin|>"
    case .functionary: "<function="
    case .functionaryRecipients: ">>>"
    case .fireFunction: "functools"
    case .command: "<|START_ACTION|>"
    case .nemotron: "<TOOLCALL>"
    case .apriel: "<tool_calls>"
    case .llama3, .generic, .channels: nil
    }
  }

  /// What may stand before calls that are the whole answer.
  package var prefix: String? { self == .llama3 ? "<|python_tag|>" : nil }

  /// Marks behind a call that are no text.
  package var closings: [String] {
    switch self {
    case .hermes: ["</tool_call>", "<tool_call>"]
    case .mistral, .mistralNames: ["[TOOL_CALLS]"]
    case .gemma: ["<tool_call|>", "<|tool_call>"]
    case .deepSeek, .deepSeekFenced: ["<｜tool▁call▁end｜>", "```", "<｜tool▁calls▁end｜>"]
    case .kimi: ["<|tool_call_end|>", "<|tool_calls_section_end|>"]
    case .functionary: ["</function>", "<function="]
    case .functionaryRecipients: [">>>"]
    case .command: ["<|END_ACTION|>"]
    case .nemotron: ["</TOOLCALL>"]
    case .apriel: ["</tool_calls>"]
    case .granite, .llama3, .fireFunction, .generic, .channels: []
    }
  }

  /// Where the name stands in front of a call's arguments: behind the last occurrence of the first
  /// text, and before any of the others. Nil where it is a member of an object.
  var namePlace: (start: String, ends: [String])? {
    switch self {
    case .mistral, .mistralNames: ("", ["[", "{", " ", "\n"])
    case .gemma: ("call:", ["{"])
    case .deepSeek: ("<｜tool▁call▁begin｜>", ["<｜tool▁sep｜>"])
    case .deepSeekFenced: ("<｜tool▁sep｜>", ["\n", "`", "{"])
    case .kimi: ("<|tool_call_begin|>", [":", "<|tool_call_argument_begin|>"])
    case .functionary: ("", [">"])
    case .functionaryRecipients: ("", ["\n", "{"])
    default: nil
    }
  }

  /// What each call begins with, where that tells a call from the words behind one.
  var callOpening: String? {
    switch self {
    case .gemma: "call:"
    case .deepSeek, .deepSeekFenced: "<｜tool▁call▁begin｜>"
    case .kimi: "<|tool_call_begin|>"
    default: nil
    }
  }

  /// Spellings that may be special tokens.
  package var markers: [String] {
    var inner: [String] = []
    switch self {
    case .mistral, .mistralNames: inner = ["[ARGS]", "[CALL_ID]"]
    case .gemma: inner = [GemmaArguments.quote]
    case .deepSeek, .deepSeekFenced: inner = ["<｜tool▁call▁begin｜>", "<｜tool▁sep｜>"]
    case .kimi: inner = ["<|tool_call_begin|>", "<|tool_call_argument_begin|>"]
    case .channels: inner = ChannelParser.markers
    default: break
    }
    return [opening, prefix].compactMap(\.self) + closings.filter { $0 != opening } + inner
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
