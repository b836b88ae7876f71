// What each keyword asks of a value.

import JSON

extension SchemaCompiler {
  /// The ways to satisfy a schema besides what `partial` asks for.
  mutating func assert(
    _ schema: JSONObject, of node: Int, on partial: consuming PartialBranch
  ) throws(ConstraintError) -> [PartialBranch] {
    var ways = [partial]
    for (keyword, value) in schema {
      guard let shape = SchemaKeyword.shape(of: keyword) else {
        try leaveOut(KeywordPlace(node: node, keyword: keyword), "the keyword is not known")
        continue
      }
      if keyword == "$schema" { try check(value, KeywordPlace(node: node, keyword: keyword)) }
      if shape == .annotation || keyword == "$defs" || keyword == "definitions" { continue }
      let place = KeywordPlace(node: node, keyword: keyword)
      enforce(place)
      if !ways.isEmpty { try assert(value, at: place, schema, on: &ways) }
    }
    return ways
  }

  private mutating func assert(
    _ value: JSONValue, at place: KeywordPlace, _ schema: JSONObject,
    on ways: inout [PartialBranch]
  ) throws(ConstraintError) {
    if try combine(value, at: place, schema, on: &ways) { return }
    if !ways.isEmpty { try budget.take(conditions: ways.count * Self.size(of: value, at: place)) }
    for index in ways.indices {
      guard try limit(value, at: place, schema, &ways[index].branch) else {
        let message = "the keyword's value is not of the kind that it must have"
        // Others count on what holds schemas.
        return try SchemaKeyword.shape(of: place.keyword) == .assertion
          ? leaveOut(place, message, .syntax) : refuse(place, message, .syntax)
      }
    }
    ways.removeAll { $0.branch.isImpossible }
  }

  /// Refuses dialects that may give keywords another meaning.
  private mutating func check(
    _ dialect: JSONValue, _ place: KeywordPlace
  ) throws(ConstraintError) {
    let known = ["draft/2020-12", "draft/2019-09", "draft-07", "draft-06"]
    guard let name = dialect.stringValue,
      known.contains(where: { name.contains("json-schema.org/\($0)/schema") })
    else { return try leaveOut(place, "the dialect is not known: write draft 2020-12") }
  }

  // MARK: Keywords that limit values

  /// Adds what the keyword asks to the branch; false where its value is not as it must be.
  private mutating func limit(
    _ value: JSONValue, at place: KeywordPlace, _ schema: JSONObject, _ branch: inout SchemaBranch
  ) throws(ConstraintError) -> Bool {
    let node = place.node
    switch (place.keyword, value) {
    case ("type", .string), ("type", .array):
      guard let types = Self.types(value) else { return false }
      branch.types.formIntersection(types)
    case ("const", _):
      try refuseRounded(value, place)
      branch.restrict(to: [value])
    case ("enum", .array(let values)):
      try refuseRounded(value, place)
      branch.restrict(to: values)
    case ("minimum", _), ("exclusiveMinimum", _):
      guard let bound = DecimalText(bound: value, isLower: true) else { return false }
      branch.lower.append(.init(value: bound, isExclusive: place.keyword != "minimum"))
    case ("maximum", _), ("exclusiveMaximum", _):
      guard let bound = DecimalText(bound: value, isLower: false) else { return false }
      branch.upper.append(.init(value: bound, isExclusive: place.keyword != "maximum"))
    case ("multipleOf", _):
      guard let factor = DecimalText(value), !factor.isNegative, !factor.isZero else {
        return false
      }
      branch.multiples.append((factor, true, place))
    case ("pattern", .string(let source)):
      branch.patterns.append(.init(source: source, isPositive: true, place: place))
    case ("format", .string(let name)):
      if options.assertsFormats, StringFormat.named(name) != nil {
        branch.formats.append(.init(source: name, isPositive: true, place: place))
      }
    case ("items", .object), ("items", .bool):
      let start = schema["prefixItems"]?.arrayValue?.count ?? 0
      branch.items.append(.init(start: start, literal: child(node, "items")))
    case ("additionalItems", _):
      // It says something only beside a list.
      guard let list = schema["items"]?.arrayValue else { break }
      branch.items.append(.init(start: list.count, literal: child(node, "additionalItems")))
    case ("prefixItems", .array(let list)), ("items", .array(let list)):
      // Drafts before 2020-12 have the list in items, where it can mean nothing else.
      let literals = children(node, place.keyword, list.count)
      branch.prefixes.append(Dictionary(uniqueKeysWithValues: zip(0..., literals)))
    case ("contains", _):
      let least = schema["minContains"].flatMap { Self.count($0) } ?? 1
      let most = schema["maxContains"].flatMap { Self.count($0) }
      if least > 0 || most != nil {
        branch.contains.append(
          .init(literal: child(node, "contains"), least: least, most: most, place: place))
      }
    case ("minContains", _), ("maxContains", _): return Self.count(value) != nil
    case ("uniqueItems", .bool(let isUnique)): if isUnique { branch.unique = place }
    case ("properties", .object(let map)):
      for name in map.keys {
        branch.addName(name)
        branch.properties[name]?.append(
          SchemaLiteral(node: document.child(node, "properties", name), isPositive: true))
      }
    case ("patternProperties", .object(let map)):
      for pattern in map.keys {
        let literal = SchemaLiteral(
          node: document.child(node, "patternProperties", pattern), isPositive: true)
        branch.patternProperties.append(.init(pattern: pattern, literal: literal, place: place))
      }
    case ("additionalProperties", _):
      branch.additional.append(
        .init(
          names: try names(of: schema, node),
          patterns: schema["patternProperties"]?.objectValue?.keys ?? [],
          literal: child(node, "additionalProperties")))
    case ("propertyNames", _): branch.propertyNames.append(child(node, "propertyNames"))
    case ("required", .array(let list)):
      guard let names = Self.names(list) else { return false }
      branch.require(names)
    case ("unevaluatedProperties", _), ("unevaluatedItems", _):
      try limitUnevaluated(value, place, &branch)
    default:
      guard let count = Self.count(value) else { return false }
      return branch.limitCount(place, count, isAtLeast: place.keyword.hasPrefix("min"))
    }
    return true
  }

  /// What applying a keyword once costs: names in a branch take memory too.
  private static func size(of value: JSONValue, at place: KeywordPlace) -> Int {
    switch (place.keyword, value) {
    case ("properties", .object(let map)): 4 * map.count
    case (_, .object(let map)): map.count
    case (_, .array(let list)): list.count
    default: 1
    }
  }

  /// The names that the `properties` beside a keyword list; made once for all ways.
  private mutating func names(
    of schema: JSONObject, _ node: Int
  ) throws(ConstraintError) -> Set<String> {
    if let known = listedNames[node] { return known }
    let names = schema["properties"]?.objectValue?.keys ?? []
    try budget.take(conditions: names.count)
    listedNames[node] = Set(names)
    return listedNames[node] ?? []
  }

  mutating func refuseRounded(
    _ value: JSONValue, _ place: KeywordPlace
  ) throws(ConstraintError) {
    if value.isRounded {
      try refuse(place, "a number has more digits than can be told apart")
    }
  }

  /// Strings of a list; nil where something else is among them.
  static func names(_ list: [JSONValue]) -> [String]? {
    let names = list.compactMap(\.stringValue)
    return names.count == list.count ? names : nil
  }

  static func types(_ value: JSONValue) -> ValueTypes? {
    var result: ValueTypes = []
    for name in value.arrayValue ?? [value] {
      guard let type = name.stringValue.flatMap(ValueTypes.named) else { return nil }
      result.formUnion(type)
    }
    return result
  }

  /// A number that counts something: whole and not negative, and of those beyond 2³⁰ any.
  static func count(_ value: JSONValue) -> Int? {
    guard let number = DecimalText(value), number.fraction.isEmpty, !number.isNegative else {
      return nil
    }
    return number.scaled(limit: 1 << 30)?.value ?? 1 << 30
  }
}

extension SchemaBranch {
  mutating func restrict(to values: [JSONValue]) {
    guard let known = self.values.map({ Set($0.map(\.canonicalUTF8)) }) else {
      self.values = values
      return
    }
    self.values = values.filter { known.contains($0.canonicalUTF8) }
  }

  mutating func require(_ names: [String]) {
    for name in names { required.append(name) }
  }

  /// Adds a bound of a count; false where `place` has no such keyword.
  mutating func limitCount(_ place: KeywordPlace, _ count: Int, isAtLeast: Bool) -> Bool {
    switch place.keyword {
    case "minLength", "maxLength":
      if isAtLeast {
        minLength = max(minLength, count)
      } else {
        maxLength = min(maxLength ?? count, count)
      }
    case "minItems", "maxItems":
      if isAtLeast {
        minItems = max(minItems, count)
      } else {
        maxItems = min(maxItems ?? count, count)
      }
    case "minProperties", "maxProperties":
      if isAtLeast {
        minProperties = max(minProperties, count)
        minPropertiesPlace = place
      } else {
        maxProperties = min(maxProperties ?? count, count)
      }
    default: return false
    }
    return true
  }
}
