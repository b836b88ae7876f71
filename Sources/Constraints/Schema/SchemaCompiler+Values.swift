// Grammars beside the one that is made, such as for which of listed values satisfy a branch.

import JSON

extension SchemaCompiler {
  /// Grammars beside grammars, and what one below another costs for each level.
  private static let mostAsideDepth = 16
  private static let nestedAsideSteps = 100

  /// The spellings of those of `values` that satisfy the rest of the branch.
  mutating func satisfying(
    _ values: [JSONValue], _ branch: SchemaBranch
  ) throws(ConstraintError) -> [[UInt8]] {
    try budget.take(conditions: values.count)
    var distinct = DistinctList<[UInt8]>()
    for value in values where branch.types.contains(ValueTypes.of(value)) {
      distinct.append(value.canonicalUTF8)
    }
    let kept = distinct.list
    if branch.isListOfValues || kept.isEmpty { return kept }
    var rest = branch
    rest.values = nil
    let (root, store) = try aside { compiler throws(ConstraintError) in
      let root = try compiler.term(of: rest)
      try compiler.finish()
      return root
    }
    var matcher = try Matcher(store, root: root, mayBeImpossible: true)
    var result: [[UInt8]] = []
    for bytes in kept {
      var term = matcher.start
      for byte in bytes where term != .never { term = try matcher.advance(term, byte) }
      if matcher.isComplete(term) { result.append(bytes) }
    }
    return result
  }

  /// A grammar of its own, beside the one that is made: the term that `body` makes, and its store.
  /// Lists of values below lists of values take one within the other, which is bounded.
  mutating func aside(
    _ body: (inout SchemaCompiler) throws(ConstraintError) -> Term
  ) throws(ConstraintError) -> (root: Term, store: TermStore) {
    guard asideDepth < Self.mostAsideDepth else {
      throw ConstraintError(
        .tooComplex,
        "lists of values are limited within each other deeper than \(Self.mostAsideDepth) levels")
    }
    try budget.take(steps: asideDepth * Self.nestedAsideSteps)
    asideDepth += 1
    defer { asideDepth -= 1 }
    var outer = (store: TermStore(limits), rules: rules, pending: pending, shared: shared)
    swap(&store, &outer.store)
    (rules, pending, shared) = ([:], [], SharedTerms())
    defer {
      swap(&store, &outer.store)
      (rules, pending, shared) = (outer.rules, outer.pending, outer.shared)
    }
    let root = try body(&self)
    var made = TermStore(limits)
    swap(&store, &made)
    return (root, made)
  }
}
