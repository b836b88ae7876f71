// Regular expressions that look ahead from their beginning.

import Constraints
import JSON
import Testing

@Suite struct LookaheadTests {
  /// As zod 4 writes `z.email()`.
  private static let email =
    #"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+"#
    + "[A-Za-z]{2,}$"
  private static let addresses = [
    "a@example.com", "first.last+tag@mail.example.org", "o'hara_1@a-b.co",
  ]
  private static let others = [
    ".a@example.com", "a..b@example.com", "a@example..com", "a.@example.com", "a@example",
    "a@-example.com", "a b@example.com", "", "a@example.com\n",
  ]

  @Test(arguments: [
    (email, addresses, others),
    ("^(?=.*[a-z])(?=.*[0-9]).{3,}$", ["ab1", "1aaa"], ["abc", "123", "a1"]),
    ("^(?!(?:con|nul)$)[a-z]+$", ["cons", "a"], ["con", "nul"]),
    ("(?!ab)[a-z]+", ["ba", "a"], ["ab", "abc"]),
    ("^(?:(?!a).|bb)$", ["b", "c", "bb"], ["a", "aa"]),
    ("^(?=(?!ab)a)a.$", ["ac"], ["ab", "bc"]),
    ("^(?=)a", ["a"], ["b"]),
    ("^(?!é).$", ["e", "😀"], ["é"]),
  ])
  func looksAheadFromTheBeginning(
    _ pattern: String, _ accepted: [String], _ rejected: [String]
  ) throws {
    let constraint = try Constraint.expression(pattern)
    for text in accepted { #expect(try constraint.accepts(text), "\(pattern) \(text)") }
    for text in rejected { #expect(try !constraint.accepts(text), "\(pattern) \(text)") }
  }

  @Test func aSchemaHasThePatternAndTheFormatOfAnAddress() throws {
    let constraint = try Constraint.schema([
      "type": "string", "format": "email", "pattern": .string(Self.email),
    ])
    func text(_ address: String) -> String { JSONValue.string(address).serialized() }
    for address in Self.addresses { #expect(try constraint.accepts(text(address)), "\(address)") }
    for address in Self.others { #expect(try !constraint.accepts(text(address)), "\(address)") }
  }

  /// A pattern without `$` says nothing of what follows, but looks at it.
  @Test func looksAtAllOfATextThatOnlyBeginsWithAMatch() throws {
    let constraint = try Constraint.schema(#"{"type":"string","pattern":"^(?!.*\"x)a"}"#)
    for text in [#""a""#, #""abc x""#] { #expect(try constraint.accepts(text), "\(text)") }
    for text in [#""ab\"x""#, #""ba""#] { #expect(try !constraint.accepts(text), "\(text)") }
  }

  @Test(arguments: [
    "a(?=b)", "^a(?!b)c", "^(?:a|b)(?=c)c", "^(?:(?!a).|b)c", "^(?=a)*a", "(?<=a)b", "(?<!a)b",
  ])
  func looksNowhereElse(_ pattern: String) {
    let error = #expect(throws: ConstraintError.self) { try Constraint.expression(pattern) }
    #expect(error?.code == .unsupported)
  }

  @Test func looksAheadAFewTimes() throws {
    let eight = "^" + String(repeating: "(?!a)", count: 8)
    #expect(try Constraint.expression(eight + "b").accepts("b"))
    let error = #expect(throws: ConstraintError.self) {
      try Constraint.expression(eight + "(?!a)b")
    }
    #expect(error?.code == .tooComplex)
  }
}
