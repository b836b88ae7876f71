// A constraint on a vocabulary: which tokens may come next, and how an answer can still end in time.
//
// What is found is kept, and shared by all answers under the constraint. Masks are kept for each
// alternative of what remains, as the mask of several alternatives is their union.

package import Constraints
import Synchronization
package import Tokenizer

/// Follows answers through a constraint. Safe to use from any number of threads.
package final class ConstraintRuntime: ConstraintCompanion {
  let tokens: TokenTree
  private let startTerm: Term
  private let triggers: [[UInt8]]
  private let content: Mutex<Content>
  // Told without the lock of the content, which is held while a mask is computed.
  private let bytes = Atomic(0)
  private let terms: Atomic<Int>

  /// What has been found out.
  struct Content {
    var matcher: Matcher
    var masks: [Term: TokenMask] = [:]
    var heads: [Term: HeadTokens] = [:]
    /// By what is repeated; nil within where that is not worth it.
    var repeated: [Term: RepeatedTokens?] = [:]
    var repeatedBytes = 0
    var fewest: [Term: Int] = [:]
    var fewAtMost: [Term: Int] = [:]
    var triggers: [[Int]: [(id: TokenID, next: Term)]] = [:]
  }

  /// The tokens that go on with the first part of a sequence.
  struct HeadTokens {
    let strings: HeadStrings
    /// Tokens that lead from within the part to its end, at most.
    let needed: Int
  }

  /// Bytes of masks that are kept, and half of that of other things; then all are found anew.
  static let mostMaskBytes = 16 << 20
  /// A constraint that has grown to so many parts is not used for further answers, but begun anew.
  private static let mostTerms = 200_000

  package init(_ constraint: Constraint, _ tokens: TokenTree) {
    startTerm = constraint.matcher.start
    triggers = constraint.triggers
    self.tokens = tokens
    terms = Atomic(constraint.matcher.termCount)
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
  package var termCount: Int { terms.load(ordering: .relaxed) }

  /// Bytes of memory for what is kept, about.
  package var byteCount: Int { bytes.load(ordering: .relaxed) }

  private func noteSize(_ content: Content) {
    terms.store(content.matcher.termCount, ordering: .relaxed)
    let masks = (content.masks.count + content.heads.count) * (tokens.vocabularyCount / 8)
    bytes.store(
      content.matcher.byteCount + masks + content.repeatedBytes
        + (content.fewest.count + content.fewAtMost.count) * 32, ordering: .relaxed)
  }

  // MARK: States

  /// Before the first token.
  package var start: ConstraintState {
    ConstraintState(
      term: startTerm, waiting: triggers.isEmpty ? nil : triggers.map { _ in 0 })
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
    let scan = TriggerScan(triggers, waiting, tokens.spelling(id))
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

  /// Whether free words may go on here.
  package func isWithinWords(_ state: ConstraintState) -> Bool {
    state.waiting != nil || content.withLock { $0.matcher.isWithinWords(state.term) }
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

  // MARK: Masks

  /// The tokens that may come next, ends of the answer included; nil where every token may.
  ///
  /// - Parameter room: tokens that the answer may still have, at least 1. Tokens after which it could
  ///   not end in time are left out.
  package func mask(
    for state: ConstraintState, room: Int
  ) throws(ConstraintError) -> TokenMask? {
    try content.withLock { content throws(ConstraintError) in
      defer { noteSize(content) }
      if let waiting = state.waiting {
        return try waitingMask(state.term, waiting, room - 1, &content)
      }
      var mask = try mask(state.term, &content)
      if mask.needed > room - 1 { mask = try closing(state.term, room - 1, &content) }
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
    var result = TokenMask(count: tokens.vocabularyCount)
    let options = content.matcher.options(of: term)
    if options.count > Self.mostUnited {
      try read(term, into: &result, &content)
    } else {
      for option in options {
        if options.count > 1, !content.matcher.isNarrow(option) {
          result.formUnion(try mask(option, &content))
        } else {
          try add(option, to: &result, &content)
        }
      }
    }
    if content.masks.count * (tokens.vocabularyCount / 8) > Self.mostMaskBytes {
      content.masks.removeAll()
    }
    content.masks[term] = result
    return result
  }

  /// Alternatives whose masks are united; more are read at the same time instead.
  static let mostUnited = 8

  /// Adds the tokens after which a term goes on that is no list of alternatives.
  private func add(
    _ term: Term, to mask: inout TokenMask, _ content: inout Content
  ) throws(ConstraintError) {
    if let place = try repetition(at: term, &content) {
      return try add(place, to: &mask, &content)
    }
    guard let (head, rest) = content.matcher.head(of: term), !content.matcher.isNarrow(head),
      !content.matcher.isComplete(head)
    else { return try read(term, into: &mask, &content) }
    let tokens = try headTokens(head, &content)
    mask.formUnion(tokens.strings.bits)
    mask.need(Self.sum(tokens.needed, try fewAtMost(from: rest, &content)))
    for crossing in tokens.strings.crossings {
      try read(
        content.matcher.sequence(crossing.term, rest), below: crossing.node, into: &mask, &content)
    }
  }

  /// Adds the tokens that a tree has for a term.
  func read(
    _ term: Term, below node: Int32 = ByteTree.root, into mask: inout TokenMask,
    _ content: inout Content
  ) throws(ConstraintError) {
    var reached: Set<Term> = []
    try content.matcher.allow(
      tokens.tree, below: node, from: term, in: &mask.bits, reached: &reached)
    for next in reached { mask.need(try fewAtMost(from: next, &content)) }
  }

  private func headTokens(
    _ head: Term, _ content: inout Content
  ) throws(ConstraintError) -> HeadTokens {
    if let known = content.heads[head] { return known }
    let strings = try content.matcher.strings(
      of: tokens.tree, within: head, count: tokens.vocabularyCount)
    var needed = 0
    for part in strings.reached { needed = max(needed, try fewAtMost(from: part, &content)) }
    if content.heads.count * (tokens.vocabularyCount / 8) > Self.mostMaskBytes / 2 {
      content.heads.removeAll()
    }
    let made = HeadTokens(strings: strings, needed: needed)
    content.heads[head] = made
    return made
  }

  // MARK: Before a trigger

  private func waitingMask(
    _ term: Term, _ waiting: [Int], _ left: Int, _ content: inout Content
  ) throws(ConstraintError) -> TokenMask? {
    let completing = try completing(term, waiting, &content)
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

  /// The tokens that complete a trigger, and what remains of the constraint after them.
  private func completing(
    _ term: Term, _ waiting: [Int], _ content: inout Content
  ) throws(ConstraintError) -> [(id: TokenID, next: Term)] {
    if let known = content.triggers[waiting] { return known }
    var found: [(id: TokenID, next: Term)] = []
    for id in tokens.ids(withAnyOf: Set(triggers.compactMap(\.last))) {
      guard let rest = TriggerScan(triggers, waiting, tokens.spelling(id)).rest else {
        continue
      }
      var next = term
      for byte in rest where next != .never { next = try content.matcher.advance(next, byte) }
      found.append((id, next))
    }
    content.triggers[waiting] = found
    return found
  }
}
