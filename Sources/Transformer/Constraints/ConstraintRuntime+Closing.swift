// How many tokens an end takes, and which tokens still lead to one in time.

import Constraints
import Tokenizer

extension ConstraintRuntime {
  // MARK: Tokens to an end

  /// Tokens that the shortest end takes, with the bytes of its text put together.
  func fewestTokens(
    from term: Term, _ content: inout Content
  ) throws(ConstraintError) -> Int {
    if let known = content.fewest[term] { return known }
    let count = tokens.fewestTokens(for: try content.matcher.shortest(from: term))
    content.fewest[term] = count
    return count
  }

  /// The same where none of the tokens stands in two parts of a sequence: no less, and found from the
  /// parts, which are few.
  func fewAtMost(
    from term: Term, _ content: inout Content
  ) throws(ConstraintError) -> Int {
    if let known = content.fewAtMost[term] { return known }
    // A list of what is still to be found, as rules may refer to each other in long chains.
    var open = [term]
    while let term = open.last {
      let shortest = try content.matcher.shortestParts(of: term)
      let unknown = shortest.terms.filter { content.fewAtMost[$0] == nil }
      guard unknown.isEmpty else {
        open += unknown
        continue
      }
      open.removeLast()
      let counts = shortest.terms.map { content.fewAtMost[$0] ?? 0 }
      content.fewAtMost[term] =
        switch shortest {
        case .text(let text): tokens.fewestTokens(for: text)
        case .parts: Self.sum(counts)
        case .oneOf: counts.max() ?? 0
        case .repeated(_, let count): Self.product(counts[0], count)
        }
    }
    return content.fewAtMost[term] ?? 0
  }

  /// A sum that ends at `Int.max`.
  static func sum(_ counts: Int...) -> Int { sum(counts) }

  private static func sum(_ counts: [Int]) -> Int {
    counts.reduce(0) {
      let (sum, overflows) = $0.addingReportingOverflow($1)
      return overflows ? .max : sum
    }
  }

  private static func product(_ a: Int, _ b: Int) -> Int {
    let (product, overflows) = a.multipliedReportingOverflow(by: b)
    return overflows ? .max : product
  }

  /// Whether `left` tokens are enough to end.
  func canEnd(
    _ term: Term, _ left: Int, _ content: inout Content
  ) throws(ConstraintError) -> Bool {
    if try fewAtMost(from: term, &content) <= left { return true }
    if content.matcher.distance(term) > Self.product(left, tokens.tree.depth) { return false }
    return try fewestTokens(from: term, &content) <= left
  }

  // MARK: Masks

  /// The tokens after which `left` tokens are enough to end.
  func closing(
    _ term: Term, _ left: Int, _ content: inout Content
  ) throws(ConstraintError) -> TokenMask {
    let options = content.matcher.options(of: term)
    var result = TokenMask(count: tokens.vocabularyCount)
    for option in options.count <= Self.mostUnited ? options : [term] {
      let mask = try mask(option, &content)
      if mask.needed <= left {
        result.formUnion(mask)
      } else if let place = try repetition(at: option, &content) {
        try add(place, to: &result, left, &content)
      } else {
        try add(tokens.tree, from: option, to: &result, left, &content) { $1.insert($0) }
      }
    }
    return result
  }

  /// Inserts the strings of a tree after which the end is near enough.
  private func add(
    _ tree: ByteTree, from term: Term, to mask: inout TokenMask, _ left: Int,
    _ content: inout Content, insert: (_ number: Int32, inout TokenMask) -> Void
  ) throws(ConstraintError) {
    var found: [(number: Int32, next: Term)] = []
    try content.matcher.visit(tree, from: term) { found.append(($0, $1)) }
    var last = Term.never
    var fits = false
    for (number, next) in found {
      if next != last {
        fits = try canEnd(next, left, &content)
        last = next
      }
      if fits { insert(number, &mask) }
    }
  }

  private func add(
    _ place: RepetitionPlace, to mask: inout TokenMask, _ left: Int, _ content: inout Content
  ) throws(ConstraintError) {
    let body = try content.matcher.shortest(from: place.times.body)
    let rest = try content.matcher.shortest(from: place.rest)
    var known: [EndKey: Bool] = [:]
    for group in place.tokens.groups {
      if group.count > place.times.most ?? .max { break }
      let key = EndKey(lacking: max(0, place.times.least - group.count), rest: group.rest)
      if known[key] == nil {
        let bytes = group.rest.count + key.lacking * body.count + rest.count
        known[key] =
          bytes <= Self.product(left, tokens.tree.depth)
          && tokens.fewestTokens(
            for: group.rest + repeatElement(body, count: key.lacking).joined() + rest) <= left
      }
      if known[key] == true { for id in group.ids { mask.insert(id) } }
    }
    let leaving = place.tokens.leaving
    try add(place.tokens.endings, from: place.rest, to: &mask, left, &content) {
      for token in leaving[Int($0)] where place.takes(token.count) { $1.insert(token.id) }
    }
    if place.takes(0) {
      try add(tokens.tree, from: place.rest, to: &mask, left, &content) { $1.insert($0) }
    }
  }

  /// What a token within a repetition leaves to be done before what follows: times, and the rest of
  /// one.
  private struct EndKey: Hashable {
    let lacking: Int
    let rest: [UInt8]
  }
}

extension Matcher.Shortest {
  fileprivate var terms: [Term] {
    switch self {
    case .text: []
    case .parts(let terms), .oneOf(let terms): terms
    case .repeated(let body, _): [body]
    }
  }
}
