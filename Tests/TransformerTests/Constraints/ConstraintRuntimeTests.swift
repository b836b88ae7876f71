// Masks are what reading byte by byte says, and answers end in time.

import Constraints
import TestSupport
import Testing
import Tokenizer
import Transformer

struct ConstraintRuntimeTests {
  private let vocabulary = ConstraintVocabulary.small

  /// A constraint can hold what somebody said: it goes with the last answer that it is for.
  @Test
  func whatIsKeptWithAConstraintGoesWithIt() throws {
    weak var kept: ConstraintRuntime?
    do {
      let constraint = try Constraint.grammar("root ::= \"secret\"")
      let runtime = ConstraintRuntime.shared(constraint, vocabulary.tree)
      _ = try runtime.mask(for: runtime.start, room: 100)
      kept = runtime
      #expect(ConstraintRuntime.shared(constraint, vocabulary.tree) === runtime)
    }
    #expect(kept == nil)
  }

  @Test
  func masksAreWhatReadingEachTokenSays() throws {
    var random = SeededGenerator(seed: 1)
    for constraint in try DrawnConstraints.all() {
      let runtime = ConstraintRuntime(constraint, vocabulary.tree)
      for _ in 0..<12 {
        var state = runtime.start
        for _ in 0..<40 where !runtime.isOver(state) {
          let mask = try #require(try runtime.mask(for: state, room: 1 << 24))
          var plain: [TokenID] = []
          for id in 0..<TokenID(vocabulary.tree.vocabularyCount)
          where try runtime.advance(state, by: id) != nil { plain.append(id) }
          #expect(plain == (0..<TokenID(vocabulary.tree.vocabularyCount)).filter(mask.contains))
          let id = try #require(
            plain.filter { !vocabulary.tokenizer.endOfGenerationIDs.contains($0) }
              .randomElement(using: &random))
          state = try #require(try runtime.advance(state, by: id))
        }
      }
    }
  }

  @Test
  func answersEndWithinAnyBudgetThatTheShortestFits() throws {
    var random = SeededGenerator(seed: 2)
    for constraint in try DrawnConstraints.all() {
      let runtime = ConstraintRuntime(constraint, vocabulary.tree)
      let fewest = try runtime.fewestTokens(from: runtime.start)
      for extra in 0..<30 {
        let text = try vocabulary.drawn(runtime, budget: fewest + extra, &random)
        #expect(try text.map { try constraint.accepts($0) } == true, "budget \(fewest) + \(extra)")
      }
    }
  }

  @Test
  func nearTheEndThoseTokensAreLeftAfterWhichTheShortestEndFits() throws {
    var random = SeededGenerator(seed: 3)
    for constraint in try DrawnConstraints.all() {
      let runtime = ConstraintRuntime(constraint, vocabulary.tree)
      for _ in 0..<6 {
        var state = runtime.start
        for _ in 0..<20 where !runtime.isOver(state) {
          let ids = (0..<TokenID(vocabulary.tree.vocabularyCount)).filter {
            !vocabulary.tokenizer.endOfGenerationIDs.contains($0)
          }
          var needed: [TokenID: Int] = [:]
          for id in ids {
            guard let next = try runtime.advance(state, by: id) else { continue }
            needed[id] = try runtime.fewestTokens(from: next)
          }
          for left in [0, 1, 2, 3, 5, 8, 13, 30] {
            let mask = try #require(try runtime.mask(for: state, room: left + 1))
            #expect(ids.filter(mask.contains) == ids.filter { (needed[$0] ?? .max) <= left })
          }
          let id = try #require(needed.keys.sorted().randomElement(using: &random))
          state = try #require(try runtime.advance(state, by: id))
        }
      }
    }
  }

  @Test(arguments: [
    ("[]", 1), ("abcd", 1), ("abcdabc", 2), ("{\"name\":true}", 5), ("é", 1), ("", 0),
  ])
  func theShortestAnswerIsSpelledInTheFewestTokens(_ text: String, _ tokens: Int) throws {
    let runtime = ConstraintRuntime(try .choice([text]), vocabulary.tree)
    #expect(try runtime.fewestTokens(from: runtime.start) == tokens)
  }

  @Test
  func anAnswerMayEndExactlyWhereTheGrammarDoes() throws {
    let runtime = ConstraintRuntime(try .expression("ab(ab)?"), vocabulary.tree)
    let end = try #require(vocabulary.tokenizer.endID)
    let ab = try #require(vocabulary.tokenizer.id(ofToken: "ab"))
    var state = runtime.start
    #expect(try runtime.mask(for: state, room: 9)?.contains(end) == false)
    state = try #require(try runtime.advance(state, by: ab))
    #expect(try runtime.mask(for: state, room: 9)?.contains(end) == true)
    #expect(runtime.isComplete(state) && !runtime.isOver(state))
    state = try #require(try runtime.advance(state, by: ab))
    #expect(runtime.isOver(state))
  }

  @Test
  func aCopyOfAStateGoesItsOwnWay() throws {
    let runtime = ConstraintRuntime(try .choice(["abx", "12x"]), vocabulary.tree)
    let start = runtime.start
    let ab = try #require(vocabulary.tokenizer.id(ofToken: "ab"))
    let number = try #require(vocabulary.tokenizer.id(ofToken: "12"))
    #expect(try runtime.advance(start, by: ab) != nil)
    #expect(try runtime.advance(start, by: number) != nil)
    #expect(start == runtime.start)
  }

  @Test
  func beforeATriggerEverythingIsAllowed() throws {
    let constraint = try Constraint.choice(["123"]).after(["na:", "<|tool|>"])
    let runtime = ConstraintRuntime(constraint, vocabulary.tree)
    func id(_ text: String) throws -> TokenID {
      try #require(vocabulary.tokenizer.id(ofToken: text))
    }
    var state = runtime.start
    #expect(try runtime.mask(for: state, room: 100) == nil)
    #expect(runtime.isComplete(state))
    state = try #require(try runtime.advance(state, by: id("name")))
    // The second na is the beginning of a trigger.
    state = try #require(try runtime.advance(state, by: id("na")))
    let begun = state
    // A trigger of text, and what must follow it.
    state = try #require(try runtime.advance(state, by: id(":")))
    #expect(!runtime.isComplete(state))
    #expect(try runtime.mask(for: state, room: 100)?.contains(id("12")) == true)
    #expect(try runtime.mask(for: state, room: 100)?.contains(id("ab")) == false)
    // A trigger that is a control token.
    let called = try #require(try runtime.advance(begun, by: id("<|tool|>")))
    #expect(try runtime.mask(for: called, room: 100)?.contains(id("123")) == true)
    // Without room for what must follow, a trigger is not completed.
    #expect(try runtime.mask(for: begun, room: 1)?.contains(id(":")) == false)
    #expect(try runtime.mask(for: begun, room: 2) == nil)
  }

  @Test
  func masksTakeAllOtherTokensOutOfTheChoice() throws {
    let runtime = ConstraintRuntime(try .choice(["ab", "12"]), vocabulary.tree)
    let mask = try #require(try runtime.mask(for: runtime.start, room: 9))
    var logits = (0..<vocabulary.tree.vocabularyCount).map { Float($0) }
    mask.apply(to: &logits)
    for (id, logit) in logits.enumerated() {
      #expect(logit == (mask.contains(TokenID(id)) ? Float(id) : -.infinity))
    }
  }
}
