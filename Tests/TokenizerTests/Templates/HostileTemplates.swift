// Templates that would run for ever or fill the memory.

import Tokenizer

enum HostileTemplates {
  static let doubling =
    "{% set ns = namespace(s='ab') %}{% for i in range(60) %}"
    + "{% set ns.s = ns.s + ns.s %}{% endfor %}"

  /// They take more steps than any limit allows.
  static let endless = [
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
    "{{ dict(range(100000)|batch(2)|list) }}", "{{ {}.fromkeys(range(100000)) }}",
    "{% for i in range(100000) %}{{ 1e-300|round(3) }}{% endfor %}",
    "{% for i in range(100000) %}{{ '{:.17g}'.format(1e-308) }}{% endfor %}",
    "{% for i in range(100000) %}{{ '%.300f' % 1e-300 }}{% endfor %}",
    "{{ ('{}' * 100000).format(*range(100000)) }}", "{{ ('%s' * 100000) % (range(100000)|list) }}",
    "{{ ('a b ' * 300000)|wordwrap(1) }}", "{{ ('-' * 1000000)|wordwrap(3) }}",
    "{{ ('a\\n' * 1000000)|wordwrap(1, true, 'b' * 100000) }}",
    "{{ ('<!--' * 250000)|striptags }}", "{{ ('&amp;' * 250000)|striptags }}",
    "{{ ('é' * 1000000)|urlencode }}", "{{ range(100000)|list|pprint }}",
    "{{ ('word ' * 200000)|pprint }}", "{{ ('aΣ' ~ '\\u0301' * 300000)|lower }}",
    "{{ ('a' * 100000).translate({}.fromkeys(range(1000), 'b')) }}",
    "{{ ('\\t' * 1000000).expandtabs(1000) }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) ~ f(n - 1) }}{% endif %}{% endmacro %}{{ f(30) }}",
    "{% set ns = namespace(s='ab') %}{% for i in range(60) %}"
      + "{% set ns.s = ns.s|replace('a', ns.s) %}{% endfor %}",
  ]

  /// Nearly a megabyte of names, where each must be unlike all others or is looked for among them.
  static let manyNames: [String] = {
    func list(_ count: Int, _ end: String = "", _ separator: String = ",") -> String {
      (0..<count).map { "n\($0)\(end)" }.joined(separator: separator)
    }
    let reversed = (0..<40_000).reversed().map { "n\($0)=1" }.joined(separator: ",")
    return [
      "{% macro f(\(list(120_000))) %}{% endmacro %}",
      "{{ f(\(list(100_000, "=1"))) }}",
      "{% macro f(\(list(60_000))) %}{% endmacro %}{% for i in range(9) %}{{ f() }}{% endfor %}",
      "{% macro f(\(list(40_000))) %}{% endmacro %}{{ f(\(reversed)) }}",
      "{% macro f() %}{{ kwargs }}{% endmacro %}{{ f(**dict(\(list(90_000, "=1")))) }}",
      "{% for i in range(9) %}{%set \(list(40_000, "=1%}", "{%set ")){% endfor %}",
      "{{ '{\(list(30_000, "", "}{"))}'.format(\(list(40_000, "=1"))) }}",
    ]
  }()

  /// They make more text, or more elements, than any limit allows.
  static let filling = [
    doubling,
    doubling.replacing(".s='ab'", with: ".s=[1]").replacing("s='ab'", with: "s=[1]"),
    "{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
      + "{{ ns.x }}",
    "{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
      + "{{ ns.x|tojson }}",
    "{{ 'a' * 9223372036854775807 }}", "{{ 'abc' * 9223372036854775807 }}",
    "{{ [1] * 9223372036854775807 }}", "{{ 'a'.center(9223372036854775807) }}",
    "{{ 'a'.zfill(999999999999) }}", "{{ '%.999999999f' % 1 }}", "{{ '{:.999999999e}'.format(1) }}",
    "{{ '{:0999999999,d}'.format(1) }}", "{{ '%*d' % (999999999, 1) }}", "{{ '%.999999999d' % 1 }}",
    "{{ 'a\\tb'.expandtabs(999999999999) }}", "{{ 'x'.rjust(10 ** 12) }}",
    "{% autoescape true %}{{ '<' * 40000000 }}{% endautoescape %}", "{{ '%999999999d' % 1 }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ [1]|tojson(indent=9999999999) }}", "{{ 'a\\nb'|indent(9999999999) }}",
    "{{ ('a' * 100000).replace('', 'b' * 100000) }}", "{{ ('b' * 10000)|join('a' * 100000) }}",
    "{{ (('a' * 20000) ~ 'b')|replace('a', 'c' * 20000) }}",
    "{{ [1]|batch(999999999999, 0)|list }}",
    "{{ [1]|slice(999999999999)|list }}", "{{ strftime_now('%A' * 90000000) }}",
    "{% set a = 'a' * 60000000 %}{{ a|upper }}{{ a|list }}",
    "{% macro f(n) %}{{ caller() * 99 }}{% endmacro %}{% set ns = namespace(x='abcdefgh') %}"
      + "{% for i in range(9) %}{% set ns.x %}{% call f(i) %}{{ ns.x }}{% endcall %}{% endset %}"
      + "{% endfor %}",
  ]
}
