// Arrays of a branch.

import JSON

extension SchemaCompiler {
  /// States of an array whose elements are counted, at most.
  private static let mostCountedItems = 256
  /// Values of which each may come once.
  private static let mostUniqueValues = 8

  mutating func arrayTerm(_ branch: SchemaBranch) throws(ConstraintError) -> Term {
    let most = min(branch.maxItems ?? Int(unbounded), Int(unbounded))
    guard branch.minItems <= most else { return .never }
    let elements: Term?
    if let place = branch.unique, most > 1 {
      elements = try uniqueElements(branch, place, most)
    } else if branch.contains.isEmpty {
      elements = try plainElements(branch, most)
    } else {
      elements = try countedElements(branch, most)
    }
    let empty = branch.minItems == 0 && branch.contains.allSatisfy { $0.least == 0 }
    let space = try space()
    var inside = try store.sequence([space, elements ?? .never, space])
    if empty { inside = try store.optional(inside) }
    return try store.sequence([store.text("["), inside, store.text("]")])
  }

  /// What the element at `index` must satisfy.
  private mutating func literals(
    at index: Int, in branch: SchemaBranch
  ) throws(ConstraintError) -> [SchemaLiteral] {
    try budget.take(conditions: branch.prefixes.count + branch.items.count)
    return branch.prefixes.compactMap { $0[index] }
      + branch.items.filter { $0.start <= index }.map(\.literal)
  }

  /// Elements beyond the index that this gives are all alike.
  private func uniformStart(_ branch: SchemaBranch) -> Int {
    max(
      branch.prefixes.flatMap(\.keys).max().map { $0 + 1 } ?? 0,
      branch.items.map(\.start).max() ?? 0)
  }

  private mutating func comma() throws(ConstraintError) -> Term {
    try store.then(store.text(","), space())
  }

  /// One element or more.
  private mutating func plainElements(
    _ branch: SchemaBranch, _ most: Int
  ) throws(ConstraintError) -> Term? {
    if most == 0 { return nil }
    let start = uniformStart(branch)
    let comma = try comma()
    func following(_ count: Int) -> (least: Int32, most: Int32) {
      (
        Int32(clamping: max(0, branch.minItems - count)),
        most == Int(unbounded) ? unbounded : Int32(most - count)
      )
    }
    // What comes after the element `index`, from the last on.
    var rest = Term.empty
    if max(1, start) < most {
      let item = try rule(for: literals(at: max(1, start), in: branch))
      let bounds = following(max(1, start))
      rest = try store.times(store.then(comma, item), bounds.least, bounds.most)
    }
    for index in (1..<max(1, start)).reversed() where index < most {
      let item = try rule(for: literals(at: index, in: branch))
      rest = try store.sequence([comma, item, rest])
      if index >= branch.minItems { rest = try store.optional(rest) }
    }
    return try store.then(rule(for: literals(at: 0, in: branch)), rest)
  }

  /// One element or more, some of which satisfy `contains`.
  private mutating func countedElements(
    _ branch: SchemaBranch, _ most: Int
  ) throws(ConstraintError) -> Term? {
    let contains = branch.contains[0]
    guard branch.contains.count == 1 else {
      try refuse(contains.place, "several contains of one value cannot be enforced together")
      return nil
    }
    let isBounded = most < Int(unbounded)
    let last = isBounded ? most : max(uniformStart(branch), branch.minItems) + 1
    let cap = contains.most ?? contains.least
    guard last <= Self.mostCountedItems, cap <= Self.mostCountedItems else {
      try refuse(
        contains.place, "more than \(Self.mostCountedItems) elements would have to be counted",
        .tooComplex)
      return nil
    }
    let comma = try comma()
    // By index and count of those found: a rule for the elements from the index on.
    var rules: [[Term]] = []
    for _ in 0...last {
      var row: [Term] = []
      for _ in 0...cap { row.append(try store.rule(named: "contains")) }
      rules.append(row)
    }
    for index in 0...last {
      let all = try literals(at: index, in: branch)
      let other = contains.most == nil ? all : all + [contains.literal.negated]
      let following = isBounded ? index + 1 : min(index + 1, last)
      for found in 0...cap {
        var options: [Term] = []
        if index > 0, index >= branch.minItems, found >= contains.least { options.append(.empty) }
        if following <= last {
          let separator = index > 0 ? comma : .empty
          let after = contains.most == nil ? min(found + 1, cap) : found + 1
          if after <= cap {
            options.append(
              try store.sequence([
                separator, rule(for: all + [contains.literal]), rules[following][after],
              ]))
          }
          options.append(
            try store.sequence([separator, rule(for: other), rules[following][found]]))
        }
        store.define(rules[index][found], as: try store.either(options))
      }
    }
    return rules[0][0]
  }

  /// One element or more, none of them twice.
  private mutating func uniqueElements(
    _ branch: SchemaBranch, _ place: KeywordPlace, _ most: Int
  ) throws(ConstraintError) -> Term? {
    let literals = try literals(at: 0, in: branch)
    guard uniformStart(branch) == 0, branch.contains.isEmpty,
      let values = try finiteValues(of: literals), values.count <= Self.mostUniqueValues
    else {
      try leaveOut(
        place,
        "that no element comes twice is enforced only where the elements are all alike and "
          + "one of at most \(Self.mostUniqueValues) listed values")
      return try branch.contains.isEmpty
        ? plainElements(branch, most) : countedElements(branch, most)
    }
    let comma = try comma()
    // For each set of values used a rule for what follows.
    var rules: [Term] = []
    for _ in 0..<1 << values.count { rules.append(try store.rule(named: "unique")) }
    for used in rules.indices {
      let count = used.nonzeroBitCount
      var options: [Term] = count > 0 && count >= branch.minItems ? [.empty] : []
      if count < most {
        for (index, value) in values.enumerated() where used >> index & 1 == 0 {
          options.append(
            try store.sequence([
              count > 0 ? comma : .empty, store.text(value), rules[used | 1 << index],
            ]))
        }
      }
      store.define(rules[used], as: try store.either(options))
    }
    return rules[0]
  }

  /// All values that satisfy `literals`, spelled; nil where they are not listed.
  private mutating func finiteValues(
    of literals: [SchemaLiteral]
  ) throws(ConstraintError) -> [[UInt8]]? {
    var result = DistinctList<[UInt8]>()
    for branch in try branches(of: literals) {
      var values = branch.values
      if values == nil {
        let scalars: [(ValueTypes, JSONValue)] = [
          (.null, .null), (.truth, .bool(true)), (.falsehood, .bool(false)),
        ]
        guard branch.types.isSubset(of: [.null, .truth, .falsehood]) else { return nil }
        values = scalars.filter { branch.types.contains($0.0) }.map(\.1)
      }
      for bytes in try satisfying(values ?? [], branch) { result.append(bytes) }
    }
    return result.list
  }
}
