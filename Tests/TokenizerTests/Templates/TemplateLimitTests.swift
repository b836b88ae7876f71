// Hostile templates end in an error, soon, and on a small stack.

import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TemplateLimitTests {
  @Test(arguments: HostileTemplates.endless)
  func `a template that goes on for ever is stopped`(source: String) {
    let error = #expect(throws: TemplateError.self) {
      try render(source, limits: .init(steps: 100_000))
    }
    #expect(error?.code == .tooManySteps)
  }

  @Test(arguments: HostileTemplates.filling)
  func `a template that fills the memory is stopped`(source: String) {
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.code == .tooManyBytes || error?.code == .tooManySteps)
  }

  @Test(arguments: [
    ("(", "1", ")"), ("[", "1", "]"), ("{1: ", "1", "}"), ("a[", "1", "]"), ("f(", "1", ")"),
    ("-", "1", ""), ("a if b else ", "1", ""), ("a if ", "b", " else c"), ("", "a", " if b"),
    ("", "a", ".a"), ("", "a", "|a"), ("", "a", "()"), ("", "a", "[0]"), ("", "a", " is a"),
    ("", "a is f b", ".a"), ("f(a=", "1", ")"), ("a|f(", "1", ")"), ("a is f(", "1", ")"),
  ])
  func `an expression nested without end is an error`(
    before: String, inside: String, after: String
  ) {
    let expression =
      String(repeating: before, count: 20_000) + inside + String(repeating: after, count: 20_000)
    let error = #expect(throws: TemplateError.self) { try ChatTemplate("{{ \(expression) }}") }
    #expect(error?.code == .tooDeep)
  }

  @Test(arguments: [
    "{% if t %}", "{% for a in l %}", "{% macro f() %}", "{% filter upper %}", "{% set x %}",
    "{% with %}", "{% generation %}", "{% call f() %}", "{% if t %}{% else %}",
  ])
  func `statements nested without end are an error`(tag: String) {
    let source = String(repeating: tag, count: 20_000)
    let error = #expect(throws: TemplateError.self) { try ChatTemplate(source) }
    #expect(error?.code == .tooDeep)
  }

  @Test(arguments: ["{", "x", "{{1}}", "{#"])
  func `a template longer than any is not read`(repeated: String) {
    let source = String(repeating: repeated, count: (1 << 20) / repeated.utf8.count + 1)
    let error = #expect(throws: TemplateError.self) { try ChatTemplate(source) }
    #expect(error?.code == .tooManyBytes)
    #expect(error?.message == "the template has \(source.utf8.count) bytes, more than 1048576")
  }

  @Test(arguments: HostileTemplates.manyNames.indices)
  func `a template with as many names as fit takes time in proportion to them`(index: Int) {
    let source = HostileTemplates.manyNames[index]
    #expect(source.utf8.count < 1 << 20)
    let time = processorTime { _ = try? render(source, limits: .init(steps: 2_000_000)) }
    // Comparing each name with each took three seconds to forty.
    #expect(time < .seconds(2), "\(time)")
  }

  @Test(arguments: [
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f() %}{% if t %}{% for a in l %}{% with %}{{ [1 + -f()|int] }}{% endwith %}{% endfor %}"
      + "{% endif %}{% endmacro %}{{ f() }}",
    "{% macro f() %}{{ caller }}{% call f() %}{% endcall %}{% endmacro %}{{ f() }}",
    "{% macro f() %}{% filter upper %}{% set x %}{{ 'a' ~ f() }}{% endset %}{% endfilter %}"
      + "{% endmacro %}{{ f() }}",
    "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns }}",
    "{% set ns = namespace(x=1) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}",
    "{% set ns = namespace(x=1) %}{% for i in range(9999) %}{% set ns.x = {1: ns.x} %}{% endfor %}",
  ])
  func `evaluation without end is an error`(source: String) {
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.code == .tooDeep)
  }

  @Test func `a variable that is nested too deeply is an error`() {
    var value: JSONValue = 1
    for _ in 0..<200 { value = [value] }
    let error = #expect(throws: TemplateError.self) {
      try ChatTemplate("{{ x }}").render(["x": value])
    }
    #expect(error?.code == .tooDeep)
  }

  @Test func `lower limits stop earlier and a large enough one does not stop at all`() throws {
    let source = "{% for a in range(1000) %}{{ a }}{% endfor %}"
    #expect(throws: TemplateError.self) { try render(source, limits: .init(steps: 500)) }
    #expect(throws: TemplateError.self) { try render(source, limits: .init(bytes: 2_000)) }
    #expect(try render(source).utf8.count == 2890)
    #expect(throws: TemplateError.self) {
      try render(HostileTemplates.doubling, limits: .init(bytes: 1 << 30))
    }
  }
}
