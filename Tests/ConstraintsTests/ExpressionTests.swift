// Regular expressions.

import Constraints
import Testing

struct ExpressionTests {
  @Test(arguments: [
    ("[a-z]+", ["a", "zz"], ["", "A", "a1"]),
    ("^\\d{3}-\\d{2,}$", ["123-45", "123-4567"], ["12-34", "123-4"]),
    ("(foo|ba[rz])?x*?", ["", "foo", "barxx", "x"], ["fo", "bars"]),
    ("(^a$)|(^b)", ["a", "b"], ["", "ab"]),
    (".", ["a", "😀", "\""], ["", "\n", "ab"]),
    ("[^\\s\\d]", ["a", "ä"], [" ", "7", "\u{00A0}"]),
    ("\\u00e9\\x41\\u{1F600}\\ud83d\\ude00", ["éA😀😀"], ["eA😀😀"]),
    ("\\p{Lu}\\P{L}", ["Ä1", "A "], ["a1", "AA"]),
    ("a{2}{", ["aa{"], ["aa"]),
    ("[-a\\]]+[\\w-]", ["-]-", "aa"], ["b"]),
    ("(?<year>[0-9]+)(?:a|b)", ["12a"], ["12"]),
  ])
  func matchesFromBeginningToEnd(
    _ pattern: String, _ accepted: [String], _ rejected: [String]
  ) throws {
    let constraint = try Constraint.expression(pattern)
    for text in accepted { #expect(try constraint.accepts(text), "\(pattern) \(text)") }
    for text in rejected { #expect(try !constraint.accepts(text), "\(pattern) \(text)") }
  }

  @Test(arguments: [
    ("a(?=b)", ConstraintError.Code.unsupported), ("(a)\\1", .unsupported),
    ("\\bword", .unsupported), ("(a", .syntax), ("a)", .syntax), ("*", .syntax), ("[z-a]", .syntax),
    ("a{3,2}", .syntax), ("a{,3}", .syntax), ("\\", .syntax), ("a^b", .unsupported),
    ("\\p{Nonsense}", .unsupported),
    ("(?i)a", .unsupported), ("[a", .syntax),
  ])
  func refusesWithACode(_ pattern: String, _ code: ConstraintError.Code) {
    #expect { try Constraint.expression(pattern) } throws: {
      ($0 as? ConstraintError)?.code == code
    }
  }
}
