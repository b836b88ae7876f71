// apus template: a conversation to text, by a chat template.

import ArgumentParser
import Foundation
import JSON
import TensorCore
import Tokenizer
import Transformer

struct Template: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a conversation on standard input as a chat template does.",
    discussion: """
      Reads a JSON object with what the template may read: messages, tools, add_generation_prompt \
      and any other key; an array is messages alone. Prints the text and nothing after it. A model \
      brings bos_token and eos_token along, unless the object has them. Examples:
        echo '{"messages":[{"role":"user","content":"Hello"}],"add_generation_prompt":true}' \\
          | apus template smollm2-135m-instruct
        apus template --template chat.jinja --jsonl < contexts.jsonl
      """)

  @Argument(
    help: """
      The model whose template it is: a name of the catalogue, or the path of a .gguf file; with \
      --template only its special tokens are used.
      """)
  var model: String?

  @Option(
    help: ArgumentHelp(
      "A template in place of a model's: a file in Jinja, or one of "
        + "\(BuiltInTemplate.names.joined(separator: ", ")).",
      valueName: "file|name"))
  var template: String?

  @Flag(
    help: """
      Read one JSON object a line and print one line for each: {"text": ...}, or {"error": ...} \
      where there is none.
      """)
  var jsonl = false

  @Option(
    help: ArgumentHelp(
      "The local time that strftime_now sees, as 2026-07-26T12:00:00; by default the clock's.",
      valueName: "time"),
    transform: clock)
  var now: TemplateClock?

  func validate() throws {
    if model == nil, template == nil {
      throw ValidationError("Name a model, or a template with --template.")
    }
  }

  func run() async throws {
    try await onOwnThread { try process() }
  }

  private func process() throws {
    let (templates, defaults) = try templatesAndDefaults()
    if jsonl {
      while let line = readLine() {
        var answer = JSONObject()
        do { answer["text"] = .string(try text(line, templates, defaults)) } catch {
          answer["error"] = .string("\(error)")
        }
        Terminal.writeLine(JSONValue.object(answer).serialized())
      }
    } else {
      Terminal.write(try text(try InputFile.text("-"), templates, defaults))
    }
  }

  /// The templates, and what they may read where a context does not say it.
  private func templatesAndDefaults() throws -> (
    Result<ChatTemplates, TemplateError>, JSONObject
  ) {
    var defaults = JSONObject()
    var own: ChatTemplateSources?
    if let model {
      let file = try GGUFFile(path: LocatedModel.find(model).path)
      // No text is split here, so it does not matter how.
      let tokenizer = try TextTokenizer(file, preTokenizer: "default")
      defaults["bos_token"] = .string(tokenizer.beginID.map { tokenizer.text(of: $0) } ?? "")
      defaults["eos_token"] = .string(tokenizer.endID.map { tokenizer.text(of: $0) } ?? "")
      own = try ChatTemplateSources(file.metadata)
    }
    if let template {
      let source = try BuiltInTemplate.source(of: template)
      return (
        Result { () throws(TemplateError) in ChatTemplates(plain: try ChatTemplate(source)) },
        defaults
      )
    }
    guard let own, own.plain != nil else {
      throw CommandError(
        .noChatTemplate, "the model has no chat template: give one with --template")
    }
    return (Result { () throws(TemplateError) in try ChatTemplates(own) }, defaults)
  }

  /// The text for the context that `json` spells.
  private func text(
    _ json: String, _ templates: Result<ChatTemplates, TemplateError>, _ defaults: JSONObject
  ) throws -> String {
    let templates = try templates.get()
    var variables = defaults
    switch try JSONValue.parse(json) {
    case .object(let context): for (key, value) in context { variables[key] = value }
    case .array(let messages): variables["messages"] = .array(messages)
    default:
      throw CommandError(
        .unusableInput, "a context is a JSON object, {\"messages\": […]}, and this is none")
    }
    guard let template = templates.template(for: variables) else { return "" }
    return try template.render(variables, now: now ?? .system)
  }

  /// The time that `text` spells: date, T, hour, minute and second.
  private static func clock(_ text: String) throws -> TemplateClock {
    let fields = text.split(omittingEmptySubsequences: false) { "-T:".contains($0) }
    let numbers = fields.filter { $0.allSatisfy(\.isASCII) && $0.allSatisfy(\.isNumber) }
      .compactMap { Int($0) }
    let separators = text.filter { "-T:".contains($0) }
    guard numbers.count == 6, fields.map(\.count) == [4, 2, 2, 2, 2, 2], separators == "--T::",
      (1...9999).contains(numbers[0]), (1...12).contains(numbers[1]),
      (1...daysOfMonth(numbers[1], in: numbers[0])).contains(numbers[2]), numbers[3] < 24,
      numbers[4] < 60, numbers[5] < 60
    else {
      throw ValidationError("--now takes a time like 2026-07-26T12:00:00.")
    }
    return .fixed(
      year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4],
      second: numbers[5])
  }

  private static func daysOfMonth(_ month: Int, in year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }
}
