// A constraint on a vocabulary: which tokens may come next, and how an answer can still end in time.
//
// What is found is kept, and shared by all answers under the constraint. Masks are kept for each
// alternative of what remains, as the mask of several alternatives is their union.

package import Constraints
import Synchronization
package import Tokenizer

/// Follows answers through a constraint. Safe to use from any number of threads.
package final class ConstraintRuntime: Sendable {
  let tokens: TokenTree
  private let constraint: Constraint
  private let content: Mutex<Content>

  /// What has been found out.
  struct Content {
    var matcher: Matcher
    var masks: [Term: TokenMask] = [:]
    var repeated: [Term: RepeatedTokens] = [:]
    var heads: [Term: HeadStrings] = [:]
    var fewest: [Term: Int] = [:]
    var fewAtMost: [Term: Int] = [:]
    var closing: [Term: ClosingTokens] = [:]
    /// Bytes of `closing`, about.
    var closingBytes = 0
    var triggers: [[Int]: [(id: TokenID, next: Term)]] = [:]
  }

  /// Masks that are kept, in bytes, and the same for other things; then all are found anew.
  static let mostMaskBytes = 32 << 20
  /// A constraint that has grown to so many parts is not used for further answers, but begun anew.
  private static let mostTerms = 200_000

  package init(_ constraint: Constraint, _ tokens: TokenTree) {
    self.constraint = constraint.unattached
    self.tokens = tokens
    content = Mutex(Content(matcher: constraint.matcher))
  }

  /// The runtime that is kept with the constraint, or a new one.
  package static func shared(_ constraint: Constraint, _ tokens: TokenTree) -> ConstraintRuntime {
    constraint.attachment.object(
      where: { $0.tokens === tokens && $0.termCount <= mostTerms },
      orMake: { ConstraintRuntime(constraint, tokens) })
  }

  /// Tokens of the vocabulary.
  package var vocabularyCount: Int { tokens.vocabularyCount }

  /// Parts of the grammar and states of reading it, which grow with use.
  package var termCount: Int { content.withLock { $0.matcher.termCount } }

  /// Bytes of memory for what is kept, about.
  package var byteCount: Int {
    content.withLock {
      $0.matcher.byteCount + ($0.masks.count + $0.heads.count) * (tokens.vocabularyCount / 8)
        + $0.closingBytes
        + $0.repeated.count * tokens.vocabularyCount * 12
    }
  }

  // MARK: States

  /// Before the first token.
  package var start: ConstraintState {
    ConstraintState(
      term: constraint.matcher.start,
      waiting: constraint.triggers.isEmpty ? nil : constraint.triggers.map { _ in 0 })
  }

  /// The state after a token; nil where the token may not stand.
  package func advance(
    _ state: ConstraintState, by id: TokenID
  ) throws(ConstraintError) -> ConstraintState? {
    if tokens.endIDs.contains(id) { return isComplete(state) ? state : nil }
    let bytes = tokens.text(id)
    guard let waiting = state.waiting else {
      if bytes.isEmpty { return nil }
      let term = try advance(state.term, over: bytes)
      return term == .never ? nil : ConstraintState(term: term)
    }
    let scan = TriggerScan(constraint.triggers, waiting, tokens.spelling(id))
    guard let rest = scan.rest else {
      return ConstraintState(term: state.term, waiting: scan.waiting)
    }
    let term = try advance(state.term, over: rest)
    return term == .never ? nil : ConstraintState(term: term)
  }

  private func advance(
    _ term: Term, over bytes: ArraySlice<UInt8>
  ) throws(ConstraintError) -> Term {
    try content.withLock { content throws(ConstraintError) in
      var term = term
      for byte in bytes where term != .never { term = try content.matcher.advance(term, byte) }
      return term
    }
  }

  /// Whether an answer may end here.
  package func isComplete(_ state: ConstraintState) -> Bool {
    state.waiting != nil || content.withLock { $0.matcher.isComplete(state.term) }
  }

  /// Whether an answer must end here.
  package func isOver(_ state: ConstraintState) -> Bool {
    state.waiting == nil && state.term == .empty
  }

  /// Tokens that the shortest end of an answer takes: what is shortest in bytes, in the fewest tokens
  /// that spell it. `Int.max` where the vocabulary cannot spell it.
  package func fewestTokens(
    from state: ConstraintState
  ) throws(ConstraintError) -> Int {
    if state.waiting != nil { return 0 }
    return try content.withLock { content throws(ConstraintError) in
      try fewestTokens(from: state.term, &content)
    }
  }

  func fewestTokens(
    from term: Term, _ content: inout Content
  ) throws(ConstraintError) -> Int {
    if let known = content.fewest[term] { return known }
    let text = try content.matcher.shortest(from: term)
    let count = tokens.fewestTokens(for: text) ?? .max
    content.fewest[term] = count
    return count
  }

  // MARK: Masks

  /// The tokens that may come next, ends of the answer included; nil where every token may.
  ///
  /// - Parameter room: tokens that the answer may still have, at least 1. Tokens after which it could
  ///   not end in time are left out.
  package func mask(
    for state: ConstraintState, room: Int
  ) throws(ConstraintError) -> TokenMask? {
    try content.withLock { content throws(ConstraintError) in
      if let waiting = state.waiting {
        return try waitingMask(state.term, waiting, room - 1, &content)
      }
      var mask = try mask(state.term, &content)
      if mask.farthest > room - 1 || !tokens.spellsEveryByte {
        mask = try closing(state.term, room - 1, &content)
      }
      if content.matcher.isComplete(state.term) {
        for id in tokens.endIDs { mask.insert(id) }
      }
      return mask
    }
  }

  /// Ends of the answer left out.
  func mask(
    _ term: Term, _ content: inout Content
  ) throws(ConstraintError) -> TokenMask {
    if let known = content.masks[term] { return known }
    let options = content.matcher.options(of: term)
    var result: TokenMask
    if options.count > 1, options.count <= Self.mostUnited {
      result = TokenMask(count: tokens.vocabularyCount)
      for option in options { result.formUnion(try mask(option, &content)) }
    } else if options.count == 1 {
      result = try maskOfOne(term, &content)
    } else {
      result = TokenMask(count: tokens.vocabularyCount)
      result.farthest = try content.matcher.allow(tokens.tree, from: term, in: &result.bits)
    }
    if content.masks.count * (tokens.vocabularyCount / 8) > Self.mostMaskBytes {
      content.masks.removeAll()
    }
    content.masks[term] = result
    return result
  }

  /// Alternatives whose masks are united; more are read at the same time instead.
  static let mostUnited = 8

  /// The mask of a term that is no list of alternatives.
  private func maskOfOne(
    _ term: Term, _ content: inout Content
  ) throws(ConstraintError) -> TokenMask {
    var tree = tokens.tree
    var result = TokenMask(count: tokens.vocabularyCount)
    if let (head, rest) = content.matcher.head(of: term) {
      if let (body, most) = content.matcher.repetition(of: head),
        try content.matcher.beginDifferently(head, rest)
      {
        // What lies within the repetition does not depend on the rest, and the rest begins outside.
        var repeated = try repeatedTokens(body, &content)
        result = repeated.mask(left: most)
        tree = repeated.others
        content.repeated[body] = repeated
        result.farthest =
          content.matcher.distance(term) + content.matcher.longestRest(of: body)
      } else if !content.matcher.isComplete(head) {
        let strings = try strings(within: head, &content)
        result.farthest = try content.matcher.allow(tree, strings, rest: rest, in: &result.bits)
        return result
      }
    }
    let farthest = try content.matcher.allow(tree, from: term, in: &result.bits)
    result.farthest = max(result.farthest, farthest)
    return result
  }

  func strings(
    within head: Term, _ content: inout Content
  ) throws(ConstraintError) -> HeadStrings {
    if let known = content.heads[head] { return known }
    let made = try content.matcher.strings(
      of: tokens.tree, within: head, count: tokens.vocabularyCount)
    // A bit and the number of each token.
    if content.heads.count * tokens.vocabularyCount / 8 * 33 > Self.mostMaskBytes {
      content.heads.removeAll()
    }
    content.heads[head] = made
    return made
  }

  func repeatedTokens(
    _ body: Term, _ content: inout Content
  ) throws(ConstraintError) -> RepeatedTokens {
    if let known = content.repeated[body] { return known }
    guard content.matcher.isStringCharacter(body) else {
      return try RepeatedTokens(body, tokens, &content.matcher)
    }
    if let known = tokens.stringCharacters.withLock({ $0 }) { return known }
    let made = try RepeatedTokens(body, tokens, &content.matcher)
    tokens.stringCharacters.withLock { $0 = made }
    return made
  }

  // MARK: Before a trigger

  private func waitingMask(
    _ term: Term, _ waiting: [Int], _ left: Int, _ content: inout Content
  ) throws(ConstraintError) -> TokenMask? {
    var completing = content.triggers[waiting] ?? []
    if content.triggers[waiting] == nil {
      for id in 0..<TokenID(tokens.vocabularyCount) {
        guard let rest = TriggerScan(constraint.triggers, waiting, tokens.spelling(id)).rest else {
          continue
        }
        var next = term
        for byte in rest where next != .never { next = try content.matcher.advance(next, byte) }
        completing.append((id, next))
      }
      content.triggers[waiting] = completing
    }
    var mask: TokenMask?
    for (id, next) in completing {
      if next != .never, try canEnd(next, left, &content) { continue }
      if mask == nil {
        mask = TokenMask(count: tokens.vocabularyCount)
        for id in 0..<TokenID(tokens.vocabularyCount) { mask?.insert(id) }
      }
      mask?.remove(id)
    }
    return mask
  }
}
