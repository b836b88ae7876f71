// Grammars in GBNF, and choices.

import Constraints
import Testing

struct GrammarTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let grammar: String
    let accepted: [String]
    let rejected: [String]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "texts and alternatives", grammar: #"root ::= "yes" | "no" "pe"?"#,
      accepted: ["yes", "no", "nope"], rejected: ["", "ye", "yesno", "nop"]),
    Case(
      name: "classes and repetition", grammar: #"root ::= [a-c]+ [^a-z\n]* . {2,3}"#,
      accepted: ["a12", "cab9äöü", "a\n\n"], rejected: ["d12", "a1", "ab"]),
    Case(
      name: "escapes", grammar: #"root ::= "\x41\u00e9\U0001F600\"\\" [\]\-\\]"#,
      accepted: ["Aé😀\"\\]", "Aé😀\"\\-"], rejected: ["Aé😀\"\\x"]),
    Case(
      name: "recursion",
      grammar: """
        # nested lists
        root ::= list
        list ::= "[" (item ("," item)*)? "]"   # of numbers
        item ::= list
          | [0-9]{1,3}
        """,
      accepted: ["[]", "[1,[22,[]],333]"], rejected: ["[1,]", "[1234]", "[[]"]),
    Case(
      name: "groups over several lines",
      grammar: "root ::= (\n  \"a\"\n  | \"b\"\n) end\nend ::= \"!\"",
      accepted: ["a!", "b!"], rejected: ["a", "ab!"]),
    Case(
      name: "parts that may be empty", grammar: #"root ::= (("a"?)* "b"?){0,3}"#,
      accepted: ["", "aab", "babab"], rejected: ["bbbb", "c"]),
    Case(
      name: "an empty text", grammar: #"root ::= "" | "x""#, accepted: ["", "x"],
      rejected: ["xx"]),
    Case(
      name: "counted repetition", grammar: #"root ::= "a"{1000} "b"{,2}"#,
      accepted: [String(repeating: "a", count: 1000), String(repeating: "a", count: 1000) + "bb"],
      rejected: [
        String(repeating: "a", count: 999), String(repeating: "a", count: 1001),
        String(repeating: "a", count: 1000) + "bbb",
      ]),
  ]

  @Test(arguments: cases)
  func acceptsWhatTheGrammarSays(_ example: Case) throws {
    let constraint = try Constraint.grammar(example.grammar)
    for text in example.accepted { #expect(try constraint.accepts(text), "\(text)") }
    for text in example.rejected { #expect(try !constraint.accepts(text), "\(text)") }
  }

  @Test(arguments: [
    ("root ::= \"a", ConstraintError.Code.syntax), ("root ::= [a", .syntax),
    ("root = \"a\"", .syntax), ("root ::= (\"a\"", .syntax), ("root ::= a", .undefined),
    ("a ::= \"a\"", .undefined), ("root ::= \"a\"\nroot ::= \"b\"", .syntax),
    ("root ::= \"a\"{3,2}", .syntax), ("root ::= <think>", .unsupported),
    ("root ::= \"a\"{}", .syntax), ("root ::= \"\\q\"", .syntax),
    ("root ::= \"a\"{9999999}", .tooComplex),
    ("root ::= root \"a\" | \"a\"", .leftRecursion),
    ("root ::= a\na ::= b? root\nb ::= \"b\"", .leftRecursion),
    ("root ::= \"a\" b\nb ::= b \"b\" | \"c\"", .leftRecursion),
    ("root ::= \"a\" root", .impossible),
    ("", .undefined),
  ])
  func refusesWithACode(_ grammar: String, _ code: ConstraintError.Code) {
    #expect { try Constraint.grammar(grammar) } throws: { ($0 as? ConstraintError)?.code == code }
  }

  @Test
  func namesTheLine() {
    #expect {
      try Constraint.grammar("root ::= a\na ::= \"x\n")
    } throws: { "\($0)".hasPrefix("grammar, line") }
  }

  @Test
  func choicesAreExactlyTheTextsGiven() throws {
    let constraint = try Constraint.choice(["yes", "no", "", "nobody"])
    for text in ["yes", "no", "", "nobody"] { #expect(try constraint.accepts(text)) }
    for text in ["y", "nob", "yesno"] { #expect(try !constraint.accepts(text)) }
    #expect(throws: ConstraintError.self) { try Constraint.choice([]) }
  }

  @Test(arguments: [
    (#"root ::= "a"{3} ("bb" | "c")"#, 4), (#"root ::= "(" root? ")""#, 2),
    (#"root ::= [a-z]*"#, 0), (#"root ::= "ä" | "abc""#, 2),
  ])
  func knowsTheShortestAnswer(_ grammar: String, _ bytes: Int) throws {
    #expect(try Constraint.grammar(grammar).shortestByteCount == bytes)
  }
}
