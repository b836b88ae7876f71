// States within a repetition, such as a string: what lies within it and what follows are looked up
// apart, as neither depends on the other.

import Constraints
import Tokenizer

extension ConstraintRuntime {
  /// A repetition, what comes after it, and its tokens.
  struct RepetitionPlace {
    let times: Matcher.Repetition
    let rest: Term
    let tokens: RepeatedTokens
    /// Tokens that the times take which must still come, at most.
    let missing: Int

    func takes(_ count: Int) -> Bool { count >= times.least && count <= times.most ?? .max }
  }

  /// The repetition that a term begins with; nil where it begins with something else, or where a byte
  /// does not tell whether the repetition goes on.
  func repetition(
    at term: Term, _ content: inout Content
  ) throws(ConstraintError) -> RepetitionPlace? {
    let (head, rest) = content.matcher.head(of: term) ?? (term, .empty)
    guard let times = content.matcher.repetition(of: head),
      content.matcher.firstBytes(of: head)
        .isDisjoint(with: content.matcher.firstBytes(of: rest)),
      let tokens = try repeatedTokens(times.body, &content)
    else { return nil }
    return RepetitionPlace(
      times: times, rest: rest, tokens: tokens, missing: try fewAtMost(from: head, &content))
  }

  func add(
    _ place: RepetitionPlace, to mask: inout TokenMask, _ content: inout Content
  ) throws(ConstraintError) {
    mask.formUnion(place.tokens.mask(most: place.times.most))
    mask.need(
      Self.sum(
        place.missing, place.tokens.mostRestTokens, try fewAtMost(from: place.rest, &content)))
    var reached: Set<Term> = []
    try content.matcher.visit(place.tokens.endings, from: place.rest) { ending, next in
      reached.insert(next)
      for token in place.tokens.leaving[Int(ending)] where place.takes(token.count) {
        mask.insert(token.id)
      }
    }
    for next in reached { mask.need(try fewAtMost(from: next, &content)) }
    if place.takes(0) { try read(place.rest, into: &mask, &content) }
  }

  private func repeatedTokens(
    _ body: Term, _ content: inout Content
  ) throws(ConstraintError) -> RepeatedTokens? {
    if let known = content.repeated[body] { return known }
    let isCommon = content.matcher.isStringCharacter(body)
    var made = isCommon ? tokens.stringCharacters.withLock { $0 } : nil
    if made == nil {
      made = try RepeatedTokens(body, tokens, &content.matcher)
      if isCommon { tokens.stringCharacters.withLock { $0 = made } }
    }
    if !isCommon {
      if content.repeatedBytes > Self.mostMaskBytes / 2 {
        content.repeated.removeAll()
        content.repeatedBytes = 0
      }
      content.repeatedBytes += made?.byteCount ?? 0
    }
    content.repeated[body] = .some(made)
    return made
  }
}
