// What each keyword asks of a value.

import JSON

extension SchemaCompiler {
  /// The ways to satisfy a schema besides what `partial` asks for.
  mutating func assert(
    _ schema: JSONObject, of node: Int, on partial: PartialBranch
  ) throws(ConstraintError) -> [PartialBranch] {
    var ways = [partial]
    for (keyword, value) in schema {
      guard let shape = SchemaKeyword.shape(of: keyword) else {
        try refuse(KeywordPlace(node: node, keyword: keyword), "the keyword is not known")
        continue
      }
      if keyword == "$schema" { try check(value, KeywordPlace(node: node, keyword: keyword)) }
      if shape == .annotation || keyword == "$defs" || keyword == "definitions" { continue }
      let place = KeywordPlace(node: node, keyword: keyword)
      enforced.insert(place)
      var next: [PartialBranch] = []
      for way in ways { next += try assert(value, at: place, schema, on: way) }
      ways = next
    }
    return ways
  }

  private mutating func assert(
    _ value: JSONValue, at place: KeywordPlace, _ schema: JSONObject, on way: PartialBranch
  ) throws(ConstraintError) -> [PartialBranch] {
    if let ways = try combine(value, at: place, schema, on: way) { return ways }
    var way = way
    if try limit(value, at: place, schema, &way.branch) {
      return way.branch.isImpossible ? [] : [way]
    }
    try refuse(place, "the keyword's value is not of the kind that it must have", .syntax)
    return [way]
  }

  /// Refuses dialects that may give keywords another meaning.
  private mutating func check(
    _ dialect: JSONValue, _ place: KeywordPlace
  ) throws(ConstraintError) {
    let known = ["draft/2020-12", "draft/2019-09", "draft-07", "draft-06"]
    guard let name = dialect.stringValue,
      known.contains(where: { name.contains("json-schema.org/\($0)/schema") })
    else { return try refuse(place, "the dialect is not known: write draft 2020-12") }
  }

  // MARK: Keywords that combine schemas

  private mutating func combine(
    _ value: JSONValue, at place: KeywordPlace, _ schema: JSONObject, on way: PartialBranch
  ) throws(ConstraintError) -> [PartialBranch]? {
    let node = place.node
    switch (place.keyword, value) {
    case ("$ref", .string(let reference)), ("$dynamicRef", .string(let reference)):
      if place.keyword == "$dynamicRef", document.isDynamic(reference, from: node) {
        try refuse(place, "the reference depends on where the schema is used from")
        return [way]
      }
      guard let target = document.target(of: reference, from: node) else {
        try refuse(place, "the reference leads to nothing in this document", .undefined)
        return [way]
      }
      return [way.adding([SchemaLiteral(node: target, isPositive: true)])]
    case ("allOf", .array(let list)):
      return [way.adding(children(node, "allOf", list.count))]
    case ("anyOf", .array(let list)):
      return children(node, "anyOf", list.count).map { way.adding([$0]) }
    case ("oneOf", .array(let list)):
      let all = children(node, "oneOf", list.count)
      var ways: [PartialBranch] = []
      for (index, chosen) in all.enumerated() {
        var literals = [chosen]
        for (other, literal) in all.enumerated() where other != index {
          if !areDisjoint([chosen, literal]) { literals.append(literal.negated) }
        }
        ways.append(way.adding(literals))
      }
      return ways
    case ("not", _):
      return [way.adding([SchemaLiteral(node: document.child(node, "not"), isPositive: false)])]
    case ("if", _):
      let condition = SchemaLiteral(node: document.child(node, "if"), isPositive: true)
      guard schema["then"] != nil || schema["else"] != nil else { return [way] }
      let then = schema["then"].map { _ in child(node, "then") }
      let otherwise = schema["else"].map { _ in child(node, "else") }
      return [
        way.adding([condition] + (then.map { [$0] } ?? [])),
        way.adding([condition.negated] + (otherwise.map { [$0] } ?? [])),
      ]
    case ("then", _), ("else", _): return [way]
    case ("dependentRequired", .object(let map)):
      var ways = [way]
      for (name, list) in map {
        guard let names = list.arrayValue.flatMap(Self.names) else { return nil }
        ways = ways.flatMap { Self.dependent(name, on: $0) { $0.branch.require(names) } }
      }
      return ways
    case ("dependentSchemas", .object(let map)):
      var ways = [way]
      for name in map.keys {
        let literal = SchemaLiteral(
          node: document.child(node, "dependentSchemas", name), isPositive: true)
        ways = ways.flatMap { Self.dependent(name, on: $0) { $0 = $0.adding([literal]) } }
      }
      return ways
    default: return nil
    }
  }

  /// A value that is no object or lacks `name`, or one that has it, for which `change` is done.
  private static func dependent(
    _ name: String, on way: PartialBranch, _ change: (inout PartialBranch) -> Void
  ) -> [PartialBranch] {
    var absent = way
    absent.branch.forbidden.insert(name)
    var present = way
    present.branch.types.formIntersection(.object)
    present.branch.require([name])
    change(&present)
    return present.branch.isImpossible ? [absent] : [absent, present]
  }

  func isTrue(_ node: Int) -> Bool { document.nodes[node].value == .bool(true) }

  private mutating func child(_ node: Int, _ keyword: String) -> SchemaLiteral {
    SchemaLiteral(node: document.child(node, keyword), isPositive: true)
  }

  mutating func children(_ node: Int, _ keyword: String, _ count: Int) -> [SchemaLiteral] {
    var result: [SchemaLiteral] = []
    for index in 0..<count {
      result.append(
        SchemaLiteral(node: document.child(node, keyword, "\(index)"), isPositive: true))
    }
    return result
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
      if options.assertsFormats {
        branch.formats.append(.init(source: name, isPositive: true, place: place))
      }
    case ("items", _):
      let start = schema["prefixItems"]?.arrayValue?.count ?? 0
      if case .array = value {
        try refuse(place, "a list of schemas is written as prefixItems in this draft")
        return true
      }
      branch.items.append(.init(start: start, literal: child(node, "items")))
    case ("prefixItems", .array(let list)):
      let literals = children(node, "prefixItems", list.count)
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
          names: schema["properties"]?.objectValue?.keys ?? [],
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
    let known = self.values.map { $0.map(\.canonicalUTF8) }
    self.values = values.filter { known?.contains($0.canonicalUTF8) ?? true }
  }

  mutating func require(_ names: [String]) {
    for name in names where !required.contains(name) { required.append(name) }
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
