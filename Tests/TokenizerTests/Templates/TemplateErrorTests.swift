// What cannot be read or rendered is an error at its place that repeats no value.

import JSON
import Testing
import Tokenizer

@Suite struct TemplateErrorTests {
  @Test("What a template raises writes nothing to a terminal")
  func controlCharacters() throws {
    let error = #expect(throws: TemplateError.self) {
      try ChatTemplate("{{ raise_exception('\u{1B}[2J\nno\u{9B}') }}").render([:])
    }
    let shown = try #require(error).description
    #expect(shown.contains("\u{FFFD}[2J no\u{FFFD}"), "\(shown)")
    #expect(shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
  }

  @Test(arguments: [
    ("{%", 1, 1), ("{{", 1, 1), ("a\n {# c", 2, 2), ("{{ 'a }}", 1, 4), ("{{ a", 1, 1),
    ("{% if t %}", 1, 4), ("{% if t %}{% endfor %}", 1, 14), ("{% endif %}", 1, 4),
    ("{% foo %}", 1, 4), ("{% %}", 1, 4), ("{{ }}", 1, 4), ("x\n{{ a b }}", 2, 6),
    ("{{ (1 }}", 1, 7), ("{{ 1) }}", 1, 5), ("{{ [1) }}", 1, 6), ("{{ {1} }}", 1, 6),
    ("{{ a. }}", 1, 7), ("{{ a | }}", 1, 8), ("{{ a is }}", 1, 9), ("{{ 1 + }}", 1, 8),
    ("{{ a if }}", 1, 9), ("{{ f(a=1, 2) }}", 1, 11), ("{{ f(a=1, a=2) }}", 1, 11),
    ("{{ a = 1 }}", 1, 6), ("{{ é$ }}", 1, 5), ("{{ “a” }}", 1, 4), ("{{ 007 }}", 1, 4),
    ("{{ 99999999999999999999 }}", 1, 4), ("{{ '\\ud800' }}", 1, 5), ("{{ '\\xg' }}", 1, 7),
    ("{% set 1 = 2 %}", 1, 8), ("{% set true = 1 %}", 1, 8), ("{% for x l %}{% endfor %}", 1, 10),
    ("{% break %}", 1, 4), ("{% for x in l %}{% macro f() %}{% break %}", 1, 35),
    ("{% include 'x' %}", 1, 4), ("{% extends 'x' %}", 1, 4), ("{% raw %}", 1, 1),
    ("{% macro f(a=1, b) %}{% endmacro %}", 1, 17), ("{% call 1 %}{% endcall %}", 1, 9),
  ])
  func `what is not Jinja is an error at its place`(source: String, line: Int, column: Int) {
    let error = #expect(throws: TemplateError.self) { try ChatTemplate(source) }
    #expect(error?.code == .syntax)
    #expect(error?.line == line)
    #expect(error?.column == column)
  }

  @Test(arguments: [
    ("{{ zz.y }}", "'zz' is undefined", 1, 6),
    ("\n  {{ d.zz.y }}", "a mapping has no attribute 'zz'", 2, 10),
    ("{{ d['zz'].y }}", "a mapping has no such element", 1, 11),
    ("{{ l[9] + 1 }}", "a list has no such element", 1, 9),
    ("{{ zz() }}", "'zz' is undefined", 1, 6),
    ("{{ zz|int }}", "'zz' is undefined", 1, 6),
    ("{{ l.append(1) }}", "a list cannot be changed, as 'append' would", 1, 12),
    ("{{ d.update({}) }}", "a mapping cannot be changed, as 'update' would", 1, 12),
    ("{{ ([]|first).x }}", "there is no such item, the sequence is empty", 1, 14),
  ])
  func `a missing value that is used is named`(
    source: String, message: String, line: Int, column: Int
  ) {
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.code == .undefined)
    #expect(error?.message == message)
    #expect(error?.line == line)
    #expect(error?.column == column)
  }

  @Test(arguments: [
    "{{ s + 1 }}", "{{ 1 + s }}", "{{ s + l }}", "{{ l + (4,) }}", "{{ d + d }}", "{{ -s }}",
    "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ 0 ** -1 }}", "{{ 9223372036854775807 + 1 }}",
    "{{ -9223372036854775807 - 2 }}", "{{ (-9223372036854775807 - 1) // -1 }}",
    "{{ 9223372036854775807 * 2 }}", "{{ 10 ** 19 }}", "{{ 'a' < 1 }}", "{{ none < 1 }}",
    "{{ 1 in s }}", "{{ 1 in 5 }}", "{{ [1] in d }}", "{{ {[1]: 2} }}", "{{ s[::0] }}",
    "{{ d[1:] }}", "{{ l['a':] }}", "{{ n|length }}", "{{ 5|list }}", "{{ s() }}", "{{ s|nosuch }}",
    "{{ s is nosuch }}", "{{ s|upper(1) }}", "{{ s|default(zz=1) }}", "{{ l|map('nosuch')|list }}",
    "{{ l|map('string')|length }}", "{{ l|map('string')|tojson }}", "{{ d.items()|tojson }}",
    "{{ zz|tojson }}", "{{ [1, 'a']|sort }}", "{{ s.split('') }}", "{{ s.index('zz') }}",
    "{{ '%d' % 'x' }}", "{{ '%s %s' % (1,) }}", "{{ '{}'.format() }}", "{{ '{'.format() }}",
    "{{ range(1000000) }}", "{{ range(1, 2, 0) }}", "{{ ','.join([1]) }}", "{{ 1e300|int }}",
    "{% for x in n %}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{% set a, b = 1 %}", "{% set d.x = 1 %}", "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}",
    "{% macro f(a) %}{% endmacro %}{{ f(b=2) }}", "{% macro f() %}{% endmacro %}{{ f(a=1) }}",
    "{% for x in l %}{{ loop(l) }}{% endfor %}", "{{ dict(l) }}", "{{ cycler() }}",
  ])
  func `what values do not allow is an error`(source: String) {
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.code == .invalidOperation)
  }

  @Test func `raise_exception tells what the template says and nothing of its values`() {
    let source = """
      {%- for message in m -%}
        {{ raise_exception('Unknown role: ' + message.role + ', expected one of ' ~ l ~ '.') }}
      {%- endfor -%}
      """
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.code == .raised)
    #expect(
      error?.message
        == "the template refuses this conversation: Unknown role: …, expected one of ….")
    #expect(error?.line == 2)
  }

  @Test(arguments: [
    "{{ s.nosuch.x }}", "{{ d[s] + 1 }}", "{{ s + 1 }}", "{{ s|int(s)|nosuch }}", "{{ s() }}",
    "{{ raise_exception(s) }}", "{{ {s: 1}[s].x.y }}", "{{ s|map(s)|list }}", "{{ s % (1, 2) }}",
    "{{ l|map(**{s: 1}) }}", "{{ ('%(' ~ s)|format }}", "{% set a, b = s %}", "{{ s is in 5 }}",
    "{{ namespace(**{s: 1}).x.y }}", "{% macro f() %}{% endmacro %}{{ f(**{s: 1}) }}",
    "{{ l|select(s) }}", "{{ l|sort(attribute=s, zz=s) }}", "{{ ('{:' ~ s ~ '}').format(1) }}",
  ])
  func `an error never repeats a value`(source: String) {
    let error = #expect(throws: TemplateError.self) { try render(source) }
    #expect(error?.description.contains("Hello") == false)
    #expect(error?.description.contains("World") == false)
  }

  @Test func `an error quotes the template around its place`() {
    let error = #expect(throws: TemplateError.self) {
      try render("first line\n{{ s|upper }} {{ missing.value }} last\nthird")
    }
    #expect(
      error?.description == "chat template, line 2, column 25: 'missing' is undefined, "
        + "at \"{{ s|upper }} {{ missing.value }} last\"")
  }
}
