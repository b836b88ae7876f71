// Real templates: their renderings by Python's jinja2 are ours too.

import JSON
import TestSupport
import Testing
import Tokenizer

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence)) struct RenderingTests {
  /// The time at which the golden renderings were made.
  static let clock = TemplateClock.fixed(
    year: 2026, month: 7, day: 26, hour: 12, minute: 0, second: 0)

  /// One line of `renderings.jsonl`: a template's name and either its text or an error.
  struct Row {
    let template: String
    let name: String
    let context: JSONObject
    let text: String?

    init(_ line: ArraySlice<UInt8>) throws {
      let row = try JSONValue.parse(line)
      template = try #require(row["template"]?.stringValue)
      name = try #require(row["case"]?.stringValue)
      context = try #require(row["context"]?.objectValue)
      text = row["text"]?.stringValue
    }
  }

  static func rows() throws -> [Row] {
    try Fixtures.bytes("templates/renderings.jsonl").split(separator: 0x0A).map(Row.init)
  }

  static func template(_ name: String) throws -> ChatTemplate {
    let source = try Fixtures.bytes("templates/\(name).jinja")
    return try ChatTemplate(String(decoding: source, as: UTF8.self))
  }

  @Test func `every golden rendering is equal and every golden error is one`() throws {
    let rows = try Self.rows()
    #expect(rows.count == 672)
    var templates: [String: ChatTemplate] = [:]
    for row in rows {
      let template = try templates[row.template] ?? Self.template(row.template)
      templates[row.template] = template
      do {
        let text = try template.render(row.context, now: Self.clock)
        #expect(
          text.utf8.elementsEqual((row.text ?? "an error").utf8), "\(row.template) \(row.name)")
      } catch {
        #expect(row.text == nil, "\(row.template) \(row.name): \(error)")
      }
    }
    #expect(templates.count == 56)
  }
}
