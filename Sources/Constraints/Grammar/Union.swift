// Alternatives in the making, without a list where there is one alone.

/// Alternatives as they are found, of which there is mostly one.
struct Union {
  private(set) var first = Term.never
  private(set) var more: [Term] = []

  mutating func add(_ term: Term) {
    if term == .never { return }
    if first == .never { first = term } else if term != first { more.append(term) }
  }
}

extension TermStore {
  /// The alternatives in a union.
  mutating func either(_ union: Union) throws(ConstraintError) -> Term {
    union.more.isEmpty ? union.first : try either([union.first] + union.more)
  }
}
