// Which schemas exclude each other: one of several need not say then that the others are broken.

import JSON

/// What is quickly told of the values of a schema: types, and listed values of its own or of
/// properties that are required. Names and values are numbers that stand for their spelling.
struct SchemaTags {
  struct Property {
    let name: Int
    /// In ascending order.
    var values: [Int]
  }

  var types = ValueTypes.all
  /// The only values, in ascending order; nil where they are not listed.
  var values: [Int]?
  /// Those that are required and have listed values, in ascending order of their names.
  var properties: [Property] = []
  /// Values that there are in all, and one.
  var size = 1

  /// Whether certainly no value satisfies both.
  func excludes(_ other: SchemaTags) -> Bool {
    if types.isDisjoint(with: other.types) { return true }
    if let values, let others = other.values, Self.areDisjoint(values, others) { return true }
    guard types.intersection(other.types) == .object else { return false }
    var (mine, theirs) = (properties[...], other.properties[...])
    while let first = mine.first, let second = theirs.first {
      if first.name == second.name, Self.areDisjoint(first.values, second.values) { return true }
      if first.name <= second.name { mine.removeFirst() }
      if second.name <= first.name { theirs.removeFirst() }
    }
    return false
  }

  private static func areDisjoint(_ a: [Int], _ b: [Int]) -> Bool {
    var (first, second) = (0, 0)
    while first < a.count, second < b.count {
      if a[first] == b[second] { return false }
      if a[first] < b[second] { first += 1 } else { second += 1 }
    }
    return true
  }
}

extension SchemaCompiler {
  /// For each of `schemas` the places of those that a value may satisfy together with it.
  ///
  /// - Throws: where there are too many, or too much to look at.
  mutating func companions(
    of schemas: [SchemaLiteral], in node: Int
  ) throws(ConstraintError) -> [[Int]] {
    if let known = knownCompanions[node] { return known }
    guard schemas.count <= Self.mostBranches else { throw tooManyBranches(node) }
    var tags: [SchemaTags] = []
    for schema in schemas { tags.append(try self.tags(of: schema.node)) }
    var result = [[Int]](repeating: [], count: schemas.count)
    for first in schemas.indices {
      for second in schemas.indices.dropFirst(first + 1) {
        // Values are compared by number, which is faster than names are copied.
        try budget.take(conditions: 14 + (tags[first].size + tags[second].size) / 16)
        if tags[first].excludes(tags[second]) { continue }
        if areDisjoint([schemas[first], schemas[second]]) { continue }
        // What is not known because steps ran out is no answer.
        try step(node, 0)
        result[first].append(second)
        result[second].append(first)
      }
    }
    result = result.map { $0.sorted() }
    // Within a question a no may be due to its depth.
    if disjointDepth == 0 { knownCompanions[node] = result }
    return result
  }

  /// References of one schema that are followed for its tags.
  private static let mostTagReferences = 8

  private mutating func tags(of node: Int) throws(ConstraintError) -> SchemaTags {
    if let known = tags[node] { return known }
    var result = SchemaTags()
    var next: Int? = node
    for _ in 0..<Self.mostTagReferences {
      guard let current = next, let schema = document.nodes[current].value.objectValue else {
        break
      }
      try addTags(of: schema, to: &result)
      next = schema["$ref"]?.stringValue.flatMap { document.target(of: $0, from: current) }
    }
    tags[node] = result
    return result
  }

  private mutating func addTags(
    of schema: JSONObject, to tags: inout SchemaTags
  ) throws(ConstraintError) {
    if let types = schema["type"].flatMap(Self.types) { tags.types.formIntersection(types) }
    // Of several lists, as references have them, the first is enough.
    if tags.values == nil { tags.values = try listed(schema, &tags) }
    guard let properties = schema["properties"]?.objectValue else { return }
    let required = schema["required"]?.arrayValue ?? []
    try budget.take(conditions: required.count)
    for name in required.compactMap(\.stringValue) {
      guard let property = properties[name]?.objectValue,
        let values = try listed(property, &tags)
      else { continue }
      tags.properties.append(.init(name: number(Array(name.utf8)), values: values))
    }
    tags.properties.sort { $0.name < $1.name }
  }

  /// The values that a schema lists, in ascending order; nil where it lists none.
  private mutating func listed(
    _ schema: JSONObject, _ tags: inout SchemaTags
  ) throws(ConstraintError) -> [Int]? {
    guard let values = schema["const"].map({ [$0] }) ?? schema["enum"]?.arrayValue else {
      return nil
    }
    try budget.take(conditions: values.count)
    tags.size += values.count
    return values.map { number($0.canonicalUTF8) }.sorted()
  }

  private mutating func number(_ spelling: [UInt8]) -> Int {
    let number = tagNumbers[spelling] ?? tagNumbers.count
    tagNumbers[spelling] = number
    return number
  }

  /// Whether no value satisfies all of `literals`, as far as types, lists of values and required
  /// properties tell.
  private mutating func areDisjoint(_ literals: [SchemaLiteral]) -> Bool {
    let key = Set(literals).sorted()
    // A no from deeper within the question may be due to that depth.
    if let known = disjoint[key], known || (provisional[key] ?? 0) <= disjointDepth { return known }
    // Whoever asks again while it is looked at hears no, which is always safe.
    guard disjointDepth < Self.mostDisjointDepth, !budget.isSpent else { return false }
    disjoint[key] = false
    provisional[key] = disjointDepth
    var outer: [KeywordPlace: ConstraintError]? = [:]
    swap(&refusals, &outer)
    disjointDepth += 1
    let branches = try? branches(of: literals)
    var areDisjoint = branches != nil
    for branch in branches ?? [] where areDisjoint { areDisjoint = isEmpty(branch) }
    if refusals?.isEmpty == false { areDisjoint = false }
    disjointDepth -= 1
    swap(&refusals, &outer)
    disjoint[key] = areDisjoint
    if areDisjoint { provisional[key] = nil }
    // A no within another question is forgotten with it.
    if disjointDepth == 0 {
      for known in provisional.keys where known != key { disjoint[known] = nil }
      provisional = [:]
    }
    return areDisjoint
  }

  private mutating func isEmpty(_ branch: SchemaBranch) -> Bool {
    if branch.isImpossible { return true }
    guard branch.types == .object, Self.hasFewPatterns(branch) else { return false }
    for name in branch.required.list {
      if branch.forbidden.contains(name) { return true }
      guard let literals = try? literals(for: name, in: branch) else { continue }
      if areDisjoint(literals) { return true }
    }
    return false
  }
}
