// Parts of constraints that are words: free but for what may not stand in them.

import Constraints
import Testing

@Suite struct WordPartTests {
  @Test(
    arguments: [
      (
        ConstraintPart.without("<<a"), ["", "<<", "<<<", "a<<b<", "\u{0}é"],
        ["<<a", "x<<<a", "<<ab"]
      ),
      (.without("aab"), ["aaa", "ab", "aaca"], ["aab", "aaab", "abaabaab"]),
      (
        .unlike(["{", "<think>", "<|tag|>"]),
        ["", " \n", "a{", "<", "<b>", " <thin", "<thinner", "<|ta", "}", "é{"],
        ["{", "{}", "\n\t {", "<think>", " <think>a", "<|tag|>", "<|tag|>{"]
      ),
      (.unlike(["ab", "a"]), ["b", "ba"], ["a", "ab", "ac"]),
      (.unlike(["a", "ab"]), ["b", "ba"], ["a", "ab", "ac"]),
    ] as [(ConstraintPart, [String], [String])])
  func wordsAreFreeButForWhatIsLeftOut(
    part: ConstraintPart, accepted: [String], refused: [String]
  ) throws {
    let constraint = try Constraint.parts(part)
    for text in accepted { #expect(try constraint.accepts(text), "\(text)") }
    for text in refused { #expect(try !constraint.accepts(text), "\(text)") }
  }

  @Test func whatFollowsWordsIsFoundBehindThem() throws {
    let constraint = try Constraint.parts(
      .sequence([.without("<x>"), .either([.text(""), .text("<x>1")])]))
    for text in ["", "a", "<x>1", "a<<x>1", "<x"] { #expect(try constraint.accepts(text)) }
    for text in ["<x>", "<x>2", "<x>1 ", "a<x>1<x>1"] { #expect(try !constraint.accepts(text)) }
  }

  @Test(arguments: [ConstraintPart.without(""), .unlike([""]), .unlike([" a"])])
  func whatCannotBeLookedForIsRefused(part: ConstraintPart) {
    #expect(throws: ConstraintError.self) { try Constraint.parts(part) }
  }
}
