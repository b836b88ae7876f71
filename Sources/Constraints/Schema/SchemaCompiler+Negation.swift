// What does not satisfy a schema: for each keyword the values that break it.

import JSON

extension SchemaCompiler {
  /// The ways to break a schema besides what `partial` asks for.
  mutating func deny(
    _ schema: JSONObject, of node: Int, on partial: PartialBranch
  ) throws(ConstraintError) -> [PartialBranch] {
    var ways: [PartialBranch] = []
    for (keyword, value) in schema {
      guard let shape = SchemaKeyword.shape(of: keyword) else {
        // Nothing breaks what says nothing.
        try leaveOut(KeywordPlace(node: node, keyword: keyword), "the keyword is not known")
        continue
      }
      if shape == .annotation || keyword == "$defs" || keyword == "definitions" { continue }
      let place = KeywordPlace(node: node, keyword: keyword)
      enforce(place)
      try budget.take(conditions: partial.size)
      for way in try deny(value, at: place, schema, on: partial) where !way.branch.isImpossible {
        ways.append(way)
      }
      guard ways.count <= Self.mostBranches else { throw tooManyBranches(node) }
    }
    return ways
  }

  private mutating func deny(
    _ value: JSONValue, at place: KeywordPlace, _ schema: JSONObject, on partial: PartialBranch
  ) throws(ConstraintError) -> [PartialBranch] {
    let node = place.node
    var way = partial
    func of(_ types: ValueTypes, _ change: (inout SchemaBranch) -> Void = { _ in })
      -> [PartialBranch]
    {
      var way = partial
      way.branch.types.formIntersection(types)
      if way.branch.types.isEmpty { return [] }
      change(&way.branch)
      return [way]
    }
    switch (place.keyword, value) {
    case ("type", _):
      guard let types = Self.types(value) else { break }
      return of(ValueTypes.all.subtracting(types))
    case ("const", _):
      try refuseRounded(value, place)
      way.branch.excluded.append(value)
      return [way]
    case ("enum", .array(let values)):
      try refuseRounded(value, place)
      try budget.take(conditions: values.count)
      way.branch.excluded += values
      return [way]
    case ("minimum", _), ("exclusiveMinimum", _):
      guard let bound = DecimalText(bound: value, isLower: false) else { break }
      return of(.number) {
        $0.upper.append(.init(value: bound, isExclusive: place.keyword == "minimum"))
      }
    case ("maximum", _), ("exclusiveMaximum", _):
      guard let bound = DecimalText(bound: value, isLower: true) else { break }
      return of(.number) {
        $0.lower.append(.init(value: bound, isExclusive: place.keyword == "maximum"))
      }
    case ("multipleOf", _):
      guard let factor = DecimalText(value), !factor.isNegative, !factor.isZero else { break }
      return of(.number) { $0.multiples.append((factor, false, place)) }
    case ("pattern", .string(let source)):
      return of(.string) {
        $0.patterns.append(.init(source: source, isPositive: false, place: place))
      }
    case ("format", .string(let name)):
      guard options.assertsFormats, StringFormat.named(name) != nil else { return [] }
      return of(.string) {
        $0.formats.append(.init(source: name, isPositive: false, place: place))
      }
    case ("minLength", _), ("maxLength", _), ("minItems", _), ("maxItems", _),
      ("minProperties", _), ("maxProperties", _):
      guard let count = Self.count(value) else { break }
      let types: ValueTypes =
        place.keyword.hasSuffix("Length")
        ? .string : place.keyword.hasSuffix("Items") ? .array : .object
      let isAtLeast = place.keyword.hasPrefix("max")
      if !isAtLeast, count == 0 { return [] }
      return of(types) { branch in
        _ = branch.limitCount(place, isAtLeast ? count + 1 : count - 1, isAtLeast: isAtLeast)
      }
    case ("required", .array(let list)):
      guard let names = Self.names(list) else { break }
      if of(.object).isEmpty { return [] }
      try make(names.count, of: partial, node)
      return names.flatMap { name in
        of(.object) { $0.forbidden.insert(name) }
      }
    case ("properties", .object(let map)):
      if of(.object).isEmpty { return [] }
      try make(map.count, of: partial, node)
      return map.keys.flatMap { name in
        let literal = SchemaLiteral(
          node: document.child(node, "properties", name), isPositive: false)
        return of(.object) { branch in
          branch.require([name])
          branch.addName(name)
          branch.properties[name]?.append(literal)
        }
      }
    case ("prefixItems", .array(let list)), ("items", .array(let list)):
      if of(.array).isEmpty { return [] }
      try make(list.count, of: partial, node)
      return children(node, place.keyword, list.count).enumerated().flatMap { index, literal in
        of(.array) { branch in
          branch.minItems = max(branch.minItems, index + 1)
          branch.prefixes.append([index: literal.negated])
        }
      }
    case ("items", _) where schema["prefixItems"] == nil:
      let literal = SchemaLiteral(node: document.child(node, "items"), isPositive: false)
      return of(.array) {
        $0.contains.append(.init(literal: literal, least: 1, most: nil, place: place))
      }
    case ("contains", _) where schema["minContains"] == nil && schema["maxContains"] == nil:
      let literal = SchemaLiteral(node: document.child(node, "contains"), isPositive: false)
      return of(.array) { $0.items.append(.init(start: 0, literal: literal)) }
    default:
      if let ways = try denyCombination(value, at: place, schema, on: partial) { return ways }
      let types: ValueTypes =
        place.keyword.hasSuffix("Items") || place.keyword.hasSuffix("tems")
          || place.keyword.hasSuffix("ontains") ? .array : .object
      if of(types).isEmpty { return [] }
      try refuse(
        place, "what does not satisfy this keyword cannot be enforced, as not, oneOf or if ask")
      return []
    }
    try refuse(place, "the keyword's value is not of the kind that it must have", .syntax)
    return []
  }

  /// Counts the ways that a keyword is about to make of one.
  private mutating func make(
    _ count: Int, of partial: PartialBranch, _ node: Int
  ) throws(ConstraintError) {
    guard count <= Self.mostBranches else { throw tooManyBranches(node) }
    try budget.take(conditions: count * partial.size)
  }

  private mutating func denyCombination(
    _ value: JSONValue, at place: KeywordPlace, _ schema: JSONObject, on partial: PartialBranch
  ) throws(ConstraintError) -> [PartialBranch]? {
    let node = place.node
    func literal(_ keyword: String, _ isPositive: Bool) -> SchemaLiteral? {
      schema[keyword].map { _ in
        SchemaLiteral(node: document.child(node, keyword), isPositive: isPositive)
      }
    }
    switch (place.keyword, value) {
    case ("$ref", .string(let reference)):
      guard let target = document.target(of: reference, from: node) else {
        try refuse(place, "the reference leads to nothing in this document", .undefined)
        return []
      }
      return [partial.adding([SchemaLiteral(node: target, isPositive: false)])]
    case ("allOf", .array(let list)):
      try make(list.count, of: partial, node)
      return children(node, "allOf", list.count).map { partial.adding([$0.negated]) }
    case ("anyOf", .array(let list)):
      try budget.take(conditions: list.count)
      return [partial.adding(children(node, "anyOf", list.count).map(\.negated))]
    case ("oneOf", .array(let list)):
      guard list.count <= Self.mostBranches else { throw tooManyBranches(node) }
      let all = children(node, "oneOf", list.count)
      let companions = try companions(of: all, in: node)
      var ways = [partial.adding(all.map(\.negated))]
      for (first, others) in companions.enumerated() {
        for second in others where second > first {
          guard ways.count < Self.mostBranches else { throw tooManyBranches(node) }
          ways.append(partial.adding([all[first], all[second]]))
        }
      }
      return ways
    case ("not", _):
      return [partial.adding([SchemaLiteral(node: document.child(node, "not"), isPositive: true)])]
    case ("if", _):
      var ways: [PartialBranch] = []
      if let yes = literal("if", true), let then = literal("then", false) {
        ways.append(partial.adding([yes, then]))
      }
      if let no = literal("if", false), let otherwise = literal("else", false) {
        ways.append(partial.adding([no, otherwise]))
      }
      return ways
    case ("then", _), ("else", _), ("minContains", _), ("maxContains", _): return []
    case ("additionalItems", _) where schema["items"]?.arrayValue == nil: return []
    case ("uniqueItems", .bool(false)), ("additionalProperties", .bool(true)),
      ("propertyNames", .bool(true)), ("unevaluatedProperties", .bool(true)),
      ("unevaluatedItems", .bool(true)), ("items", .bool(true)), ("additionalItems", .bool(true)):
      return []
    case ("dependentRequired", .object(let map)), ("dependentSchemas", .object(let map)),
      ("dependencies", .object(let map)):
      guard let dependents = dependents(map, at: place) else { return nil }
      if !partial.branch.types.contains(.object) { return [] }
      try make(dependents.reduce(0) { $0 + $1.count }, of: partial, node)
      return dependents.flatMap { denied($0, on: partial) }
    default: return nil
    }
  }

  /// The ways to have a property without what depends on it.
  private func denied(_ dependent: Dependent, on partial: PartialBranch) -> [PartialBranch] {
    var way = partial
    way.branch.types.formIntersection(.object)
    way.branch.require([dependent.name])
    switch dependent.asks {
    case .schema(let literal): return [way.adding([literal.negated])]
    case .names(let names):
      return names.map { missing in
        var way = way
        way.branch.forbidden.insert(missing)
        return way
      }
    }
  }
}
