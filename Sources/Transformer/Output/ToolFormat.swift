// How models write that a function is to be called. A model follows what its template has shown it,
// so the template tells which way is meant.

import JSON

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
  /// `<tool_call><function=name><parameter=key>` and a line for each value: Qwen3-Coder, Qwen 3.5.
  case parameters
  /// `<seed:tool_call><function=name><parameter=key>value</parameter>`: Seed-OSS.
  case seedParameters
  /// `<tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value></tool_call>`: GLM.
  case pairs
  /// `<minimax:tool_call><invoke name="name"><parameter name="key">value</parameter>`: MiniMax M2.
  case invocations
  /// The same behind `<｜DSML｜function_calls>`, with marked names: DeepSeek V3.2.
  case deepSeekMarked
  /// The same behind `<｜DSML｜tool_calls>`: DeepSeek V4.
  case deepSeekMarkedCalls
  /// Messages to channels and recipients: gpt-oss. `ChannelParser` reads all of its answers.
  case channels
  /// A JSON object as the whole answer, because a system message asked for it.
  case generic

  /// What a template of each way contains; the first that fits decides.
  private static let signs: [(marks: [String], format: ToolFormat)] = [
    (["<seed:tool_call>", "<parameter="], .seedParameters),
    (["<tool_call>", "<function=", "<parameter="], .parameters),
    (["<tool_call>", "<arg_key>"], .pairs),
    (["<minimax:tool_call>", "<invoke name="], .invocations),
    (["｜DSML｜", "tool_calls>", "invoke name="], .deepSeekMarkedCalls),
    (["｜DSML｜", "function_calls>", "invoke name="], .deepSeekMarked),
    // Nested elements are not read.
    (["<invoke name="], .generic), (["<parameter="], .generic),
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
    self = sign?.format ?? .generic
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
    case .parameters, .pairs: "<tool_call>"
    case .seedParameters: "<seed:tool_call>"
    case .invocations: "<minimax:tool_call>"
    case .deepSeekMarked: "<｜DSML｜function_calls>"
    case .deepSeekMarkedCalls: "<｜DSML｜tool_calls>"
    case .llama3, .generic, .channels: nil
    }
  }

  /// Whether ids of calls are nine letters and digits: templates refuse others.
  package var hasShortIDs: Bool { self == .mistral || self == .mistralNames }

  /// What may stand before calls that are the whole answer.
  package var prefix: String? { self == .llama3 ? "<|python_tag|>" : nil }

  /// Marks behind a call that are no text.
  package var closings: [String] {
    switch self {
    case .hermes, .parameters, .pairs: ["</tool_call>", "<tool_call>"]
    case .seedParameters: ["</seed:tool_call>", "<seed:tool_call>"]
    case .invocations: ["</minimax:tool_call>", "<minimax:tool_call>"]
    case .deepSeekMarked: ["</｜DSML｜function_calls>"]
    case .deepSeekMarkedCalls: ["</｜DSML｜tool_calls>"]
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
  /// The schema of each function's arguments: it says what is text, where calls do not.
  let schemas: [String: JSONValue]

  package init(format: ToolFormat, functions: [CallableFunction], allowsSeveral: Bool = true) {
    self.format = format
    names = Set(functions.map(\.name))
    schemas = Dictionary(
      functions.map { ($0.name, $0.parameters) }, uniquingKeysWith: { first, _ in first })
    self.allowsSeveral = allowsSeveral
  }
}
