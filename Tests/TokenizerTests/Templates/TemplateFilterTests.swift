// Filters give what they give in jinja2.

import JSON
import Testing
import Tokenizer

@Suite struct TemplateFilterTests {
  @Test(
    arguments: [
      ("{{ u|upper }}", "STRASSE É 日本 😀"),
      ("{{ u|lower|title }}", "Straße É 日本 😀"),
      ("{{ 'hello wORLD-x (y)'|title }}", "Hello World-X (Y)"),
      ("{{ 'hELLO'|capitalize }}", "Hello"),
      ("{{ ws|trim }}", "a b \n c"),
      ("{{ 'xxaxx'|trim('x') }}", "a"),
      ("{{ s|replace('l', 'L') }}", "HeLLo WorLd"),
      ("{{ s|replace('l', 'L', 1) }}", "HeLlo World"),
      ("{{ i|replace(7, 8) }}", "8"),
      (#"{{ 'a\nb\n\nc'|indent }}"#, "a\n    b\n\n    c"),
      (#"{{ 'a\nb\n\nc'|indent(2, true, true) }}"#, "  a\n  b\n  \n  c"),
      (#"{{ 'a\nb\n'|indent('> ', first=true) }}"#, "> a\n> b\n"),
      ("{{ s|truncate(5, true) }}", "He..."),
      ("{{ 'foo bar baz qux'|truncate(9) }}", "foo..."),
      ("{{ 'a'|center(5) }}", "  a  "),
      (#"{{ "it's a_b c-d"|wordcount }}"#, "5"),
      ("{{ '%s and %r'|format('a', 'b') }}", "a and 'b'"),
      ("{{ html|e }}", "&lt;a href=&#34;x&#34;&gt;&amp;&#39;&lt;/a&gt;"),
      ("{{ html|safe|e }}", #"<a href="x">&'</a>"#),
      ("{{ '<' + html|safe }}", #"&lt;<a href="x">&'</a>"#),
      ("{{ html|safe ~ '<' }}", #"<a href="x">&'</a><"#),
      ("{{ (html|safe|upper) + '<' }}", #"<A HREF="X">&'</A>&lt;"#),
      ("{{ x|string + '!' }}", "2.5!"),
    ] as [(String, String)])
  func `filters of text`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{{ '42.7'|int }}", "42"),
      ("{{ 'x'|int(5) }}", "5"),
      ("{{ '0x1f'|int(0, 16) }}", "31"),
      ("{{ ' 1_000 '|int }}", "1000"),
      ("{{ -2.7|int }}", "-2"),
      ("{{ none|int(9) }}", "9"),
      ("{{ '1e3'|float }}", "1000.0"),
      ("{{ 'x'|float(1.5) }}", "1.5"),
      ("{{ '0x10'|float }}", "0.0"),
      ("{{ 42.55|round }}", "43.0"),
      ("{{ 42.55|round(1) }}", "42.5"),
      ("{{ 42.55|round(1, 'floor') }}", "42.5"),
      ("{{ 2.5|round }}", "2.0"),
      ("{{ 2.675|round(2) }}", "2.67"),
      ("{{ 1250|round(-2) }}", "1200"),
      ("{{ 0.001|round(-9223372036854775807) }}", "0.0"),
      ("{{ i|round }}", "7"),
      ("{{ -5.5|abs }}", "5.5"),
      ("{{ l|sum }}", "6"),
      ("{{ m[:2]|sum('n', 10) }}", "13"),
    ] as [(String, String)])
  func `filters of numbers`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{{ l|first ~ l|last ~ s|first ~ s|last }}", "32Hd"),
      ("{{ []|first|default('none') }}", "none"),
      ("{{ l|join(', ') }}", "3, 1, 2"),
      ("{{ s|join('-') }}", "H-e-l-l-o- -W-o-r-l-d"),
      ("{{ m|join(',', attribute='role') }}", "user,assistant,User"),
      ("{{ m|map(attribute='n', default=0)|list }}", "[1, 2, 0]"),
      ("{{ ['a', 'b']|map('replace', 'a', 'z')|list }}", "['z', 'b']"),
      ("{{ m|selectattr('role', 'equalto', 'user')|map(attribute='content')|list }}", "['a']"),
      ("{{ m|rejectattr('n', 'defined')|map(attribute='content')|list }}", "['c']"),
      ("{{ [0, 1, none, '']|select|list }}", "[1]"),
      ("{{ l|reject('odd')|list }}", "[2]"),
      ("{{ l|sort }}", "[1, 2, 3]"),
      ("{{ l|sort(reverse=true) }}", "[3, 2, 1]"),
      ("{{ ['b', 'A', 'c']|sort }}", "['A', 'b', 'c']"),
      ("{{ ['b', 'A', 'c']|sort(case_sensitive=true) }}", "['A', 'b', 'c']"),
      (
        "{{ m|sort(attribute='role,content', reverse=true)|map(attribute='content')|join }}",
        "cab"
      ),
      ("{{ ['a', 'A', 'b', 'a']|unique|list }}", "['a', 'b']"),
      ("{{ m|groupby('role')|map('first')|list }}", "['assistant', 'user']"),
      ("{{ m|groupby('role')|map(attribute='list')|map('length')|list }}", "[1, 2]"),
      ("{{ m|groupby('n', default=0)|map(attribute='grouper')|list }}", "[0, 1, 2]"),
      ("{{ l|min ~ l|max }}", "13"),
      ("{{ ['b', 'A']|min }}", "A"),
      ("{{ l|reverse|list }}", "[2, 1, 3]"),
      ("{{ u|reverse }}", "😀 本日 é eßartS"),
      ("{{ l|batch(2, 'x')|list }}", "[[3, 1], [2, 'x']]"),
      ("{{ l|slice(2)|list }}", "[[3, 1], [2]]"),
      ("{{ d|list }}", "['b', 'a', 'items', 'C']"),
      ("{{ d|length }}", "4"),
      ("{{ d|dictsort }}", "[('a', [1, 2]), ('b', 1), ('C', None), ('items', 'I')]"),
      ("{{ {'b': 1, 'A': 2}|dictsort(by='value') }}", "[('b', 1), ('A', 2)]"),
      ("{{ {'b': 1, 'A': 2}|dictsort(true) }}", "[('A', 2), ('b', 1)]"),
      ("{{ d|items|list }}", "[('b', 1), ('a', [1, 2]), ('items', 'I'), ('C', None)]"),
      ("{{ undefinedvar|items|list }}", "[]"),
      ("{{ undefinedvar|default('x') ~ e|default('x', true) }}", "xx"),
      ("{{ l|map('string')|first }}", "3"),
    ] as [(String, String)])
  func `filters of sequences`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{{ d|tojson }}", #"{"b": 1, "a": [1, 2], "items": "I", "C": null}"#),
      ("{{ u|tojson }}", #""Straße é 日本 😀""#),
      ("{{ u|tojson(ensure_ascii=true) }}", #""Stra\u00dfe \u00e9 \u65e5\u672c \ud83d\ude00""#),
      ("{{ html|tojson }}", #""<a href=\"x\">&'</a>""#),
      (
        "{{ [1.0, 1e16, 1e-7, true, none, (1,), {}]|tojson }}",
        "[1.0, 1e+16, 1e-07, true, null, [1], {}]"
      ),
      ("{{ {1: 2, none: 3, true: 4}|tojson }}", #"{"1": 4, "null": 3}"#),
      (
        "{{ d|tojson(indent=2) }}",
        "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    2\n  ],\n  \"items\": \"I\",\n  \"C\": null\n}"
      ),
      ("{{ d|tojson(separators=(',', ':')) }}", #"{"b":1,"a":[1,2],"items":"I","C":null}"#),
      ("{{ {'b': 1, 'a': 2}|tojson(sort_keys=true) }}", #"{"a": 2, "b": 1}"#),
      (#"{{ "a\n\t\\\"\x01\x7f"|tojson }}"#, "\"a\\n\\t\\\\\\\"\\u0001\u{7f}\""),
    ] as [(String, String)])
  func `tojson writes what transformers' does`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }
}
