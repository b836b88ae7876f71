// The deepest that is accepted fits a thread with a stack of 512 KiB, also without optimisation.

import Foundation
import JSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TemplateStackTests {
  private static let stackBytes = 512 << 10

  @Test(arguments: [
    ("(", "1", ")"), ("[", "1", "]"), ("{1: ", "1", "}"), ("l[", "0", "]"), ("f(", "1", ")"),
    ("-", "1", ""), ("1 if t else ", "1", ""), ("", "s", "|upper"), ("", "s", ".upper()"),
    ("not (1 < 2 ** (", "1", "))"), ("[1 + 2 * ", "1", "]|length"),
    ("(1, 'a')|select('in', [", "1", "])"), ("f(a=(0 or 1 and ", "1", "))"),
  ])
  func `expressions as deep as can be`(before: String, inside: String, after: String) async {
    let depths = await onThread(stackBytes: Self.stackBytes) {
      (1...100).filter { depth in
        let expression =
          String(repeating: before, count: depth) + inside + String(repeating: after, count: depth)
        let source = "{% macro f(x, a) %}{{ x }}{% endmacro %}{{ \(expression) }}"
        return (try? render(source)) != nil
      }
    }
    #expect(depths.count >= 15)
  }

  @Test(arguments: [
    ("{% if t %}", "{% endif %}"), ("{% for a in [1] %}", "{% endfor %}"),
    ("{% filter upper %}", "{% endfilter %}"), ("{% set x %}", "{% endset %}{{ x }}"),
    ("{% with %}", "{% endwith %}"), ("{% generation %}", "{% endgeneration %}"),
    ("{% call f() %}", "{% endcall %}"),
    ("{% if f %}{% else %}{% for a in [] %}{% else %}", "{% endfor %}{% endif %}"),
  ])
  func `statements as deep as can be`(before: String, after: String) async {
    let depths = await onThread(stackBytes: Self.stackBytes) {
      (1...60).filter { depth in
        let source =
          "{% macro f() %}{{ caller() }}{% endmacro %}" + String(repeating: before, count: depth)
          + "{{ ((((([[[[[[1]]]]]]))))) }}" + String(repeating: after, count: depth)
        return (try? render(source)) != nil
      }
    }
    #expect(depths.count >= 15)
  }

  @Test(arguments: [
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}",
    "{% macro f(n) %}{% for a in [1] if n %}{% set x = ['' ~ f(n - 1)]|first %}{% endfor %}"
      + "{% endmacro %}",
    "{% macro f(n) %}{% if n %}{% filter upper %}{% set x %}{{ -(-(0 + [f(n - 1)]|length)) }}"
      + "{% endset %}{% endfilter %}{% endif %}{% endmacro %}",
    "{% macro g() %}{{ caller() }}{% endmacro %}"
      + "{% macro f(n) %}{% call g() %}{{ f(n - 1) if n }}{% endcall %}{% endmacro %}",
    "{% macro f(n) %}{% for a in [n] recursive %}{% if a %}{{ loop([a - 1]) }}{% endif %}"
      + "{% endfor %}{% endmacro %}",
  ])
  func `calls as deep as can be`(definition: String) async {
    let depths = await onThread(stackBytes: Self.stackBytes) {
      (1...100).filter { (try? render(definition + "{{ f(\($0)) }}")) != nil }
    }
    #expect(depths.count >= 10)
    #expect(depths.count < 100)
  }

  @Test func `values as deep as can be`() async throws {
    let deep =
      "{% set ns = namespace(x=1, y={}) %}{% for i in range(99) %}"
      + "{% set ns.x = [ns.x] %}{% set ns.y = {'k': ns.y} %}{% endfor %}"
    let text = await onThread(stackBytes: Self.stackBytes) {
      try? render(
        deep + "{% set v = [[ns.x, 1]|first, ns.y] if false else ns.x %}"
          + "{{ v }}{{ v|tojson }}{{ ns.y|tojson(indent=1)|length }}{{ v == [v]|first }}"
          + "{{ [v, v]|sort|length }}{{ ns.y }}{{ v in [v] }}{{ [v]|map('string')|list|length }}")
    }
    #expect(text?.contains("True2") == true)
    let parsed = await onThread(stackBytes: Self.stackBytes) {
      try? ChatTemplate("{{ x|tojson }}").render([
        "x": .parse(
          String(repeating: "[", count: 99) + String(repeating: "]", count: 99),
          limits: .init(depth: 99))
      ])
    }
    #expect(parsed?.utf8.count == 198)
  }
}
