// The methods of strings give what they give in Python.

import JSON
import Testing
import Tokenizer

@Suite struct TemplateStringMethodTests {
  @Test(
    arguments: [
      ("{{ ws.split() }}", "['a', 'b', 'c']"),
      ("{{ ws.split(none, 1) }}", #"['a', 'b \n c  ']"#),
      ("{{ ws.rsplit(maxsplit=1) }}", #"['  \t a b', 'c']"#),
      ("{{ 'a,b,,c'.split(',') }}", "['a', 'b', '', 'c']"),
      ("{{ 'a,b,,c'.split(',', 1) }}", "['a', 'b,,c']"),
      ("{{ 'a,b,,c'.rsplit(',', 1) }}", "['a,b,', 'c']"),
      ("{{ ''.split(',') }}", "['']"),
      (#"{{ '<think>x</think>y'.split('</think>')[-1].lstrip('\n') }}"#, "y"),
      (#"{{ 'a\nb\r\nc\x0bd\n'.splitlines() }}"#, "['a', 'b', 'c', 'd']"),
      (#"{{ 'a\nb\r\n'.splitlines(true) }}"#, #"['a\n', 'b\r\n']"#),
      ("{{ s.partition(' ') }}", "('Hello', ' ', 'World')"),
      ("{{ s.rpartition('o') }}", "('Hello W', 'o', 'rld')"),
      ("{{ s.partition('zz') }}", "('Hello World', '', '')"),
      ("{{ ', '.join(['a', 'b']) }}", "a, b"),
      ("{{ '-'.join('abc') }}", "a-b-c"),
    ] as [(String, String)])
  func `cutting and joining`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{{ '[' ~ ws.strip() ~ ']' }}", "[a b \n c]"),
      ("{{ '[' ~ ws.lstrip() ~ ']' }}", "[a b \n c  ]"),
      ("{{ '[' ~ ws.rstrip() ~ ']' }}", "[  \t a b \n c]"),
      ("{{ 'xyaxy'.strip('yx') }}", "a"),
      ("{{ 'xyaxy'.lstrip('yx') }}", "axy"),
      ("{{ 'xyaxy'.rstrip('yx') }}", "xya"),
      (#"{{ '\u00a0a\u2003'.strip() }}"#, "a"),
      ("{{ s.removeprefix('He') }}", "llo World"),
      ("{{ s.removesuffix('ld') }}", "Hello Wor"),
      ("{{ '-5'.zfill(4) }}", "-005"),
      ("{{ 'ab'.center(5, '*') }}", "**ab*"),
      ("{{ 'a'.ljust(3, '-') }}", "a--"),
      ("{{ 'é'.rjust(3) }}", "  é"),
    ] as [(String, String)])
  func `trimming and filling`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{{ s.startswith('He') }}", "True"),
      ("{{ s.startswith(('x', 'He')) }}", "True"),
      ("{{ s.startswith('lo', 3) }}", "True"),
      ("{{ s.endswith(('a', 'ld')) }}", "True"),
      ("{{ s.find('o', 5) }}", "7"),
      ("{{ s.find('zz') }}", "-1"),
      ("{{ s.rfind('o') }}", "7"),
      ("{{ u.find('日') }}", "9"),
      ("{{ u.index('本') }}", "10"),
      ("{{ s.count('l') }}", "3"),
      ("{{ 'aaa'.count('aa') }}", "1"),
      ("{{ s.count('') }}", "12"),
      ("{{ s.replace('l', 'L', 1) }}", "HeLlo World"),
      ("{{ 'ab'.replace('', '-') }}", "-a-b-"),
      ("{{ u.replace('é', 'e') }}", "Straße e 日本 😀"),
    ] as [(String, String)])
  func `searching and replacing`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{{ u.upper() }}", "STRASSE É 日本 😀"),
      ("{{ u.lower() }}", "straße é 日本 😀"),
      (#"{{ "they're bill's".title() }}"#, "They'Re Bill'S"),
      ("{{ 'éA'.capitalize() }}", "Éa"),
      ("{{ 'aB'.swapcase() }}", "Ab"),
      (
        "{{ '²'.isdigit() ~ '²'.isdecimal() ~ '½'.isnumeric() ~ ''.isdigit() }}",
        "TrueFalseTrueFalse"
      ),
      ("{{ 'ab1'.isalnum() ~ 'abc'.isalpha() ~ ' '.isspace() }}", "TrueTrueTrue"),
      ("{{ 'ab'.islower() ~ 'aB'.isupper() ~ 'Ab Cd'.istitle() }}", "TrueFalseTrue"),
    ] as [(String, String)])
  func `case and kinds`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }

  @Test(
    arguments: [
      ("{{ '{} {}'.format(1, 'b') }}", "1 b"),
      ("{{ '{0} {1} {0}'.format('a', 'b') }}", "a b a"),
      ("{{ '{a} {b[0]} {c.x}'.format(a=1, b=[2], c={'x': 3}) }}", "1 2 3"),
      ("{{ '{:>5}|{:<5}|{:^5}|{:*^5}'.format('a', 'b', 'c', 'd') }}", "    a|b    |  c  |**d**"),
      (
        "{{ '{:05d} {:.2f} {:,} {:x} {:+}'.format(42, 3.14159, 1234567, 255, 5) }}",
        "00042 3.14 1,234,567 ff +5"
      ),
      ("{{ '{{}} {!r}'.format('a') }}", "{} 'a'"),
    ] as [(String, String)])
  func `formatting`(template: String, text: String) throws {
    #expect(try render(template) == text)
  }
}
