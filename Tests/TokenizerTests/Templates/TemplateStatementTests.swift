// Statements do what they do in jinja2 with transformers' settings.

import JSON
import Testing
import Tokenizer

@Suite struct TemplateStatementTests {
  @Test(
    arguments: [
      ("{% for x in l %}{{ x }},{% endfor %}", "3,1,2,"),
      ("{% for x in el %}a{% else %}none{% endfor %}", "none"),
      (
        "{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} "
          + "{% else %}no{% endfor %}",
        "1/2:3 2/2:2 "
      ),
      ("{% for x in l if x > 10 %}{{ x }}{% else %}no{% endfor %}", "no"),
      ("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "b=1;a=[1, 2];items=I;C=None;"),
      (
        "{% for k, v in d|dictsort %}{{ k }}={{ v }};{% endfor %}",
        "a=[1, 2];b=1;C=None;items=I;"
      ),
      ("{% for k in d %}{{ k }}{% endfor %}", "baitemsC"),
      ("{% for c in u %}{{ c }}|{% endfor %}", "S|t|r|a|ß|e| |é| |日|本| |😀|"),
      ("{% for x in undefinedvar %}a{% else %}b{% endfor %}", "b"),
      ("{% for a, b in [(1,2),(3,4)] %}{{ a }}{{ b }}{% endfor %}", "1234"),
      ("{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123"),
      ("{% for (a, b) in [(1,2)] %}{{ a }}{{ b }}{% endfor %}", "12"),
      (
        "{% for x in [1,2,3,4,5] %}{{ loop.index0 }}{{ loop.revindex }}"
          + "{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.previtem }}"
          + "{{ loop.nextitem }}{{ loop.cycle('a','b') }}{{ loop.changed(x // 2) }}"
          + "{{ loop.depth }}{{ loop.depth0 }}\n{% endfor %}",
        "054TrueFalse2aTrue10\n143FalseFalse13bTrue10\n232FalseFalse24aFalse10\n321FalseFals"
          + "e35bTrue10\n410FalseTrue4aFalse10\n"
      ),
      (
        "{% for x in [1,2,3] %}{% for y in [1,2] %}{{ loop.index }}{% endfor %}"
          + "{{ loop.index }} {% endfor %}",
        "121 122 123 "
      ),
      (
        "{% for x in [1,2,3,4] %}{% if x == 2 %}{% continue %}{% endif %}"
          + "{% if x == 4 %}{% break %}{% endif %}{{ x }}{% else %}e{% endfor %}",
        "13"
      ),
      (
        "{% for x in [[1,[2,3]],4] recursive %}{% if x is iterable %}("
          + "{{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}"
          + "{% endfor %}",
        "(1@2(2@33@3))4@1"
      ),
      ("{% for x in l %}{% set y = x %}{% endfor %}{{ y }}", ""),
      (
        "{% set y = 0 %}{% for x in l %}{% set y = y + x %}{{ y }} {% endfor %}{{ y }}",
        "3 1 2 0"
      ),
      (
        "{% for m2 in m %}{%- if m2.role == 'assistant' %}{% generation %}"
          + "{{ m2.content }}{% endgeneration %}{% else %}{{ m2.content }}"
          + "{% endif %}{% endfor %}",
        "abc"
      ),
      ("{% for x in l: %}a{% endfor %}", "aaa"),
      ("{% for x in l %}{{ loop|length }}{% endfor %}", "333"),
      (
        "{% for x in l recursive %}{{ x }}{% if loop.depth < 3 and x == 2 %}"
          + "{{ loop([x]) }}{% endif %}{% endfor %}",
        "31222"
      ),
      (
        "{% set it = l|map('string') %}{% for a in it %}{{ a }}{% endfor %}"
          + "{% for a in it %}{{ a }}{% endfor %}",
        "312"
      ),
      (
        "{% set it = d.items() %}{% for a in it %}{{ a }}{% endfor %}"
          + "{% for a in it %}{{ a }}{% endfor %}",
        "('b', 1)('a', [1, 2])('items', 'I')('C', None)('b', 1)('a', [1, 2])('items', 'I'"
          + ")('C', None)"
      ),
      (
        "{% for a in l|map('string') %}{{ loop.length }}{{ loop.last }}{% endfor %}",
        "3False3False3True"
      ),
      ("{% set j = joiner() %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}", "3, 1, 2"),
      ("{% set j = joiner('|') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}", "3|1|2"),
      (
        "{% set messages = m[1:] %}{% for x in messages %}{{ x.role }}{% endfor %}",
        "assistantUser"
      ),
      (
        "{% set loop_messages = m %}{% for message in loop_messages %}"
          + "{% set content = '<' + message['role'] + '>\n\n' + message['content'] | trim + '!'"
          + " %}{% if loop.index0 == 0 %}{% set content = s + content %}{% endif %}"
          + "{{ content }}{% endfor %}",
        "Hello World<user>\n\na!<assistant>\n\nb!<User>\n\nc!"
      ),
      ("{% for x in l -%} {{ x }} {%- endfor %}", "312"),
      ("{% for x in l %}\n{{ x }}\n{% endfor %}\n.", "3\n1\n2\n."),
      ("{% set x = 5 %}{% for x in l %}{{ x }}{% endfor %}{{ x }}", "3125"),
    ] as [(String, String)])
  func `loops`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      (
        "{% macro f(a, b=2, c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}"
          + "{{ f(1) }}{{ f(1, 3) }}{{ f(c=1, a=2) }}{{ f() }}",
        "[121][131][221][2]"
      ),
      (
        "{% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, 3, x=4) }}",
        "1(2, 3){'x': 4}"
      ),
      ("{% macro f() %}{{ varargs|length }}{% endmacro %}{{ f(1, 2) }}{{ f(*l) }}", "23"),
      (
        "{% macro f() %}{{ kwargs }}{% endmacro %}{{ f(a=1) }}{{ f(**{'b':2}) }}",
        "{'a': 1}{'b': 2}"
      ),
      (
        "{% macro f(x) %}<{{ caller() }}{{ x }}>{% endmacro %}{% call f(1) %}body{% endcall %}",
        "<body1>"
      ),
      (
        "{% macro f(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y) f(1) %}body"
          + "{{ y }}{% endcall %}",
        "<body1>"
      ),
      (
        "{% macro f(x) %}<{{ caller(x) }}>{% endmacro %}{% call(y, z=5) f(1) %}"
          + "body{{ y }}{{ z }}{% endcall %}",
        "<body15>"
      ),
      (
        "{% macro f() %}{{ caller is defined }}{% endmacro %}{{ f() }}"
          + "{% call f() %}{% endcall %}",
        "FalseTrue"
      ),
      ("{% macro f(caller=none) %}{{ caller }}{% endmacro %}{{ f() }}", "None"),
      (
        "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(5) }}",
        "54321"
      ),
      ("{% macro f() %}{{ zz }}{% endmacro %}{% set zz = 1 %}{{ f() }}", "1"),
      ("{% macro f() %}{% set zz = 2 %}{% endmacro %}{% set zz = 1 %}{{ f() }}{{ zz }}", "1"),
      ("{% for x in [1,2] %}{% macro f() %}{{ x }}{% endmacro %}{{ f() }}{% endfor %}", "12"),
      (
        "{% macro outer() %}{% macro inner(x) %}i{{ x }}{% endmacro %}"
          + "{{ inner(1) }}{% endmacro %}{{ outer() }}{{ inner }}",
        "i1"
      ),
      ("{% macro m1(x) %}{{ x }}{% set x = x + 1 %}{{ x }}{% endmacro %}{{ m1(1) }}", "12"),
      ("{{ caller }}", ""),
      (
        "{% macro a() %}{% for x in l %}{{ caller() }}{% endfor %}"
          + "{% endmacro %}{% for z in [1,2] %}{% call a() %}{{ z }}{% endcall %}"
          + "{% endfor %}",
        "111222"
      ),
      ("{%- macro a(x) -%} {{ x }} {%- endmacro -%} {{ a(1) }}", "1"),
    ] as [(String, String)])
  func `macros and call blocks`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      (
        "{% set ns = namespace(y=0) %}{% for x in l %}{% set ns.y = ns.y + x %}"
          + "{% endfor %}{{ ns.y }}",
        "6"
      ),
      ("{% set a, b = 1, 2 %}{{ a }}{{ b }}", "12"),
      ("{% set a, b = [1, 2] %}{{ a }}{{ b }}", "12"),
      ("{% set (a, b) = 'xy' %}{{ a }}{{ b }}", "xy"),
      ("{% set a = 1, %}{{ a }}", "(1,)"),
      ("{% set a %}x{{ 1 }}y{% endset %}{{ a }}{{ a|length }}", "x1y3"),
      ("{% set a | upper | trim %} abc {% endset %}{{ a }}", "ABC"),
      ("{% set a | replace('a','b') %} abc {% endset %}{{ a }}", " bbc "),
      ("{% set ns = namespace(a=1) %}{% set ns.a %}x{% endset %}{{ ns.a }}", "x"),
      ("{% if t %}a{% elif f %}b{% else %}c{% endif %}", "a"),
      ("{% if f %}a{% elif t %}b{% else %}c{% endif %}", "b"),
      ("{% if f %}a{% elif n %}b{% else %}c{% endif %}", "c"),
      ("{% if t %}{% set q2 = 1 %}{% endif %}{{ q2 }}", "1"),
      ("{% filter upper %}abc{{ s }}{% endfilter %}", "ABCHELLO WORLD"),
      ("{% filter upper|replace('A','z') %}abc{% endfilter %}", "zBC"),
      ("{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}", "12"),
      ("{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a }}", "1"),
      ("{% set a = 5 %}{% with a = 1, b = a %}{{ b }}{% endwith %}", "5"),
      ("{% block x %}b{{ s }}{% endblock %}", "bHello World"),
      ("{% block x %}b{% endblock x %}", "b"),
      ("{% generation %}{{ s }}{% set a = 1 %}{% endgeneration %}{{ a }}", "Hello World"),
      ("  {% if t %}x{% endif %}", "x"),
      ("x  {% if t %}  y{% endif %}", "x    y"),
      ("\u{a0}{% if t %}x{% endif %}", "x"),
      ("{%if t%}a{%endif%}", "a"),
      ("{% if t: %}a{% endif %}", "a"),
      ("{% if f %}{{ 'a'|nosuch }}{% endif %}ok", "ok"),
      ("{% if f %}{{ 1 is nosuch }}{% endif %}ok", "ok"),
      (
        "{% set c = cycler('a','b','c') %}{{ c.next() }}{{ c.next() }}"
          + "{{ c.current }}{{ c.reset() }}{{ c.next() }}",
        "abcNonea"
      ),
      (
        "{% for i2 in range(3) %}{% set ns = namespace(a=i2) %}"
          + "{% for j in range(2) %}{% set ns.a = ns.a + j %}{% endfor %}{{ ns.a }}"
          + "{% endfor %}",
        "123"
      ),
      ("{% set a = [] %}{% for x in l %}{% set a = a + [x] %}{% endfor %}{{ a }}", "[]"),
      (
        "{% set ns = namespace(a=[]) %}{% for x in l %}"
          + "{% set ns.a = ns.a + [x] %}{% endfor %}{{ ns.a }}",
        "[3, 1, 2]"
      ),
      ("{% set s = 'x' %}{{ s }}", "x"),
      ("{% set x %}{% for y in l %}{{ y }}{% endfor %}{% endset %}[{{ x }}]", "[312]"),
    ] as [(String, String)])
  func `assignments, conditions and blocks`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{% filter indent(2) %}a\nb{% endfilter %}", "a\n  b"),
      ("{% raw %}{{ x }}{% if %}{% endraw %}", "{{ x }}{% if %}"),
      ("a {%- raw -%}  x  {%- endraw -%}  b", "axb"),
      ("a {%+ raw %}  x  {% endraw +%}\n  b", "a   x  \n  b"),
      ("{# comment #}a{#- c -#} b {#+ x +#}\n c", "ab \n c"),
      ("a\n   {# c #}\nb\n   {# d -#}\n\n  c", "a\nb\nc"),
      ("a\n   {% if t %}\n   b\n   {% endif %}\n   c\n", "a\n   b\n   c"),
      ("a\n   {%+ if t %}\n   b\n   {% endif +%}\n   c\n\n", "a\n      b\n\n   c\n"),
      ("a\n   {%- if t -%}\n   b\n   {%- endif -%}\n   c\n", "abc"),
      ("a\n   {{ 1 }}\n   b {{- 2 -}} \n c", "a\n   1\n   b2c"),
      ("\n\n  {% if t %}\n\n x{% endif %}\n\n", "\n\n\n x"),
      ("{% if t %}\r\n a\r\n{% endif %}\r\nb\rc\r\n", " a\nb\nc"),
      ("{{ 1 }}\n", "1"),
      ("a\n", "a"),
      ("\n", ""),
      ("\n\n", "\n"),
      ("", ""),
      (" ", " "),
      ("a\r\n", "a"),
      ("\u{a0}{%- if t %}x{% endif -%}\u{2003}y", "xy"),
      ("{{ 1 -}}  \n {{ 2 }}", "12"),
      (
        "{%- for x in l %}\n  {%- if x > 1 %}\n    {{- x }}\n  {%- endif %}\n{%- endfor %}\n.",
        "32."
      ),
    ] as [(String, String)])
  func `white space around tags`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }
}
