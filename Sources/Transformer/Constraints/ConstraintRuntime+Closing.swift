// Which tokens still lead to an end in time.

import Constraints
import Tokenizer

extension ConstraintRuntime {
  /// The tokens after which `left` tokens are enough to end.
  func closing(
    _ term: Term, _ left: Int, _ content: inout Content
  ) throws(ConstraintError) -> TokenMask {
    let options = content.matcher.options(of: term)
    guard options.count > 1, options.count <= Self.mostUnited else {
      return try closingOfOne(term, left, &content)
    }
    var result = TokenMask(count: tokens.vocabularyCount)
    for option in options { result.formUnion(try closingOfOne(option, left, &content)) }
    return result
  }

  private func closingOfOne(
    _ term: Term, _ left: Int, _ content: inout Content
  ) throws(ConstraintError) -> TokenMask {
    var closing = try closingTokens(term, &content)
    if closing.mostNeeded <= left { return try mask(term, &content) }
    if closing.groups.contains(where: { $0.next == nil && $0.needed > left }) {
      closing = try exactClosingTokens(term, &content)
    }
    return try closing.mask { group throws(ConstraintError) in
      if group.needed <= left { return true }
      return try group.next.map { next throws(ConstraintError) in
        try canEnd(next, left, &content)
      } ?? false
    }
  }

  /// Whether `left` tokens are enough to end.
  func canEnd(
    _ term: Term, _ left: Int, _ content: inout Content
  ) throws(ConstraintError) -> Bool {
    let bytes = content.matcher.distance(term)
    if bytes <= left, tokens.spellsEveryByte { return true }
    if bytes > left * tokens.tree.depth { return false }
    return try fewestTokens(from: term, &content) <= left
  }

  /// Tokens that the shortest end takes where none of them stands in two parts of a sequence: no less
  /// than the fewest, and found from those of the parts, which are few.
  private func fewTokensAtMost(
    from term: Term, _ content: inout Content
  ) throws(ConstraintError) -> Int {
    var open: [(term: Term, head: Term)] = []
    var rest = term
    while content.fewAtMost[rest] == nil, let (head, next) = content.matcher.head(of: rest) {
      open.append((rest, head))
      rest = next
    }
    var count: Int
    if let known = content.fewAtMost[rest] {
      count = known
    } else {
      count = try fewestTokens(from: rest, &content)
      content.fewAtMost[rest] = count
    }
    while let (whole, head) = open.popLast() {
      let first = try fewestTokens(from: head, &content)
      count = first == .max || count == .max ? .max : first + count
      content.fewAtMost[whole] = count
    }
    return count
  }

  /// The tokens that may follow, by what remains; where they are those of a repetition, only a bound
  /// is known of what remains.
  private func closingTokens(
    _ term: Term, _ content: inout Content
  ) throws(ConstraintError) -> ClosingTokens {
    if let known = content.closing[term] { return known }
    var result = ClosingTokens(vocabularyCount: tokens.vocabularyCount)
    guard let (head, rest) = content.matcher.head(of: term) else {
      return try exactClosingTokens(term, &content)
    }
    if let (body, most) = content.matcher.repetition(of: head),
      try content.matcher.beginDifferently(head, rest)
    {
      var repeated = try repeatedTokens(body, &content)
      let mask = repeated.mask(left: most)
      content.repeated[body] = repeated
      let after = try fewTokensAtMost(from: rest, &content)
      // Repetitions that must still come are counted in bytes.
      let missing = content.matcher.distance(head)
      let parts = [
        after, repeated.mostRestTokens, missing == 0 || tokens.spellsEveryByte ? missing : .max,
      ]
      result.add(
        ClosingTokens.Group(
          next: nil, needed: parts.contains(.max) ? .max : parts.reduce(0, +),
          members: .many(mask)))
      var groups: [Term: [TokenID]] = [:]
      try content.matcher.visit(repeated.others, from: term) { id, next in
        groups[next, default: []].append(id)
      }
      try add(groups, to: &result, &content)
    } else if !content.matcher.isComplete(head) {
      let strings = try strings(within: head, &content)
      for (part, ids) in strings.groups {
        let next = try content.matcher.sequence(part, rest)
        result.add(ids, next: next, needed: try fewTokensAtMost(from: next, &content))
      }
      var groups: [Term: [TokenID]] = [:]
      try content.matcher.visitCrossings(tokens.tree, strings, rest: rest) { id, next in
        groups[next, default: []].append(id)
      }
      try add(groups, to: &result, &content)
    } else {
      return try exactClosingTokens(term, &content)
    }
    keep(result, of: term, &content)
    return result
  }

  /// The tokens that may follow, by what remains, found by reading all.
  private func exactClosingTokens(
    _ term: Term, _ content: inout Content
  ) throws(ConstraintError) -> ClosingTokens {
    var groups: [Term: [TokenID]] = [:]
    try content.matcher.visit(tokens.tree, from: term) { id, next in
      groups[next, default: []].append(id)
    }
    var result = ClosingTokens(vocabularyCount: tokens.vocabularyCount)
    try add(groups, to: &result, &content)
    keep(result, of: term, &content)
    return result
  }

  private func add(
    _ groups: [Term: [TokenID]], to result: inout ClosingTokens, _ content: inout Content
  ) throws(ConstraintError) {
    for (next, ids) in groups {
      result.add(ids, next: next, needed: try fewTokensAtMost(from: next, &content))
    }
  }

  private func keep(_ made: ClosingTokens, of term: Term, _ content: inout Content) {
    if content.closingBytes > Self.mostMaskBytes {
      content.closing.removeAll()
      content.closingBytes = 0
    }
    content.closingBytes += made.byteCount
    content.closing[term] = made
  }
}
