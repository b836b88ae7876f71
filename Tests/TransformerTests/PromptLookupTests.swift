// Guesses from the prompt: what they are, and that wrong ones become rare.

import Testing
import Tokenizer
import Transformer

@Suite struct PromptLookupTests {
  @Test("What followed the same three tokens last is guessed")
  func guesses() {
    var lookup = PromptLookup()
    #expect(lookup.guess(after: [1, 2, 3, 4, 5, 6, 1, 2, 3], room: 10) == [4, 5, 6])
    #expect(lookup.guess(after: [1, 2, 3, 4, 5, 6, 1, 2, 3, 9, 8, 1, 2, 3], room: 2) == [9, 8])
  }

  @Test("Nothing is guessed where nothing is known or wanted")
  func nothing() {
    var lookup = PromptLookup()
    #expect(lookup.guess(after: [], room: 9).isEmpty)
    #expect(lookup.guess(after: [1, 1, 1], room: 9).isEmpty)
    #expect(lookup.guess(after: [1, 2, 3, 4, 5], room: 9).isEmpty)
    #expect(lookup.guess(after: [1, 2, 3, 1, 2, 3], room: 0).isEmpty)
    #expect(lookup.guess(after: [1, 2, 3, 1, 2, 3], room: -1).isEmpty)
  }

  @Test("Right guesses make more, wrong ones pause them")
  func adaptation() {
    let tokens = [TokenID](0..<30) + [0, 1, 2]
    var lookup = PromptLookup()
    let first = lookup.guess(after: tokens, room: 99).count
    lookup.note(right: first, guessed: first)
    #expect(lookup.guess(after: tokens, room: 99).count > first)
    for _ in 0..<9 { lookup.note(right: 0, guessed: 3) }
    let made = (0..<330).count { _ in
      let guesses = lookup.guess(after: tokens, room: 99)
      lookup.note(right: 0, guessed: guesses.count)
      return !guesses.isEmpty
    }
    #expect(made <= 11)
  }

  @Test("Guesses stay rare however many were wrong in a row")
  func endlessFailure() {
    let tokens = [TokenID](0..<30) + [0, 1, 2]
    var lookup = PromptLookup()
    let made = (0..<20_000).count { _ in
      let guesses = lookup.guess(after: tokens, room: 99)
      lookup.note(right: 0, guessed: guesses.count)
      return !guesses.isEmpty
    }
    // One in 33 steps, but for the first few.
    #expect((600...620).contains(made), "\(made)")
  }
}
