// The whole language beside Python's jinja2: `Benchmarks/template_cases` wrote what it gives.

import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TemplateCaseTests {
  @Test func `every case renders as jinja2 renders it, or is an error where that is one`() throws {
    let file = try JSONValue.parse(try ProjectFixtures.bytes("templates/cases.json")[...])
    let context = try #require(file["context"]?.objectValue)
    let cases = try #require(file["cases"]?.arrayValue)
    #expect(cases.count > 2_400)
    for one in cases {
      let template = try #require(one["template"]?.stringValue)
      let expected = one["text"]?.stringValue
      var found: String?
      var message = "an error"
      do {
        found = try ChatTemplate(template).render(context, now: RenderingTests.clock)
      } catch {
        message = "\(error)"
      }
      let isSame = expected.map(\.utf8).map(Array.init) == found.map(\.utf8).map(Array.init)
      #expect(isSame, "\(template): \(found ?? message) and not \(expected ?? "an error")")
    }
  }
}
