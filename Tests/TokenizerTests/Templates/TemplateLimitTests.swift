// Hostile templates end in an error, soon, and on a small stack.

import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TemplateLimitTests {
  private static let doubling =
    "{% set ns = namespace(s='ab') %}{% for i in range(60) %}"
    + "{% set ns.s = ns.s + ns.s %}{% endfor %}"

  @Test(arguments: [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% set x = a * b %}{% endfor %}{% endfor %}",
    "{% macro f(n) %}{% for i in [1, 2] %}{% if n %}{{ f(n - 1) }}{% endif %}{% endfor %}"
      + "{% endmacro %}{{ f(19) }}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{{ 'b' in a }}{% endfor %}",
    "{% set a = 'a' * 1000000 %}{{ a.find('a' * 500000 ~ 'b') }}",
    "{% set a = 'a' * 1000000 %}{{ (a ~ 'b').rfind('b' ~ 'a' * 500000) }}{{ a.rfind('b' + a[:9]) }}"
      + "{% for i in range(100000) %}{{ 'b' in a }}{% endfor %}",
    "{% set a = range(100000)|list %}{{ a|unique|list }}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{% set x = a.strip('ab') %}{% endfor %}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{% set x = a.strip('é') %}{% endfor %}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{% set x = a.title() %}{% endfor %}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{% set x = a|wordcount %}{% endfor %}",
    "{% set a = 'é' * 500000 %}{% for i in range(100000) %}{% set x = a|upper %}{% endfor %}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{% set x = a.isalpha() %}{% endfor %}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{% set x = a is lower %}{% endfor %}",
    "{% set a = '9' * 1000000 %}{% for i in range(100000) %}{% set x = a|float %}{% endfor %}",
    "{% set a = '9' * 1000000 %}{% for i in range(100000) %}{% set x = a|int %}{% endfor %}",
    "{% set a = range(100000)|list %}{% for i in range(100000) %}{{ -1 in a }}{% endfor %}",
    "{% for a in range(100000) %}{% for b in range(100) %}{{ a }}{% endfor %}{% endfor %}",
  ])
  func `a template that goes on for ever is stopped`(source: String) {
    let error = #expect(throws: TemplateError.self) {
      try render(source, limits: .init(steps: 100_000))
    }
    #expect(error?.code == .tooManySteps)
  }

  @Test(arguments: [
    doubling,
    doubling.replacing(".s='ab'", with: ".s=[1]").replacing("s='ab'", with: "s=[1]"),
    "{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
      + "{{ ns.x }}",
    "{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
      + "{{ ns.x|tojson }}",
    "{{ 'a' * 9223372036854775807 }}", "{{ 'abc' * 9223372036854775807 }}",
    "{{ [1] * 9223372036854775807 }}", "{{ 'a'.center(9223372036854775807) }}",
    "{{ 'a'.zfill(999999999999) }}", "{{ '%999999999d' % 1 }}", "{{ '{:999999999}'.format(1) }}",
    "{{ [1]|tojson(indent=9999999999) }}", "{{ 'a\\nb'|indent(9999999999) }}",
    "{{ ('a' * 100000).replace('', 'b' * 100000) }}", "{{ ('b' * 10000)|join('a' * 100000) }}",
    "{{ (('a' * 20000) ~ 'b')|replace('a', 'c' * 20000) }}",
    "{{ [1]|batch(999999999999, 0)|list }}",
    "{{ [1]|slice(999999999999)|list }}", "{{ strftime_now('%A' * 90000000) }}",
    "{% set a = 'a' * 60000000 %}{{ a|upper }}{{ a|list }}",
    "{% macro f(n) %}{{ caller() * 99 }}{% endmacro %}{% set ns = namespace(x='abcdefgh') %}"
      + "{% for i in range(9) %}{% set ns.x %}{% call f(i) %}{{ ns.x }}{% endcall %}{% endset %}"
      + "{% endfor %}",
  ])
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
    #expect(throws: TemplateError.self) { try render(Self.doubling, limits: .init(bytes: 1 << 30)) }
  }
}
