// Keywords that ask for other schemas: references, alternatives, conditions.

import JSON

extension SchemaCompiler {
  /// Takes `ways` on to those that satisfy the keyword too; false where it combines no schemas.
  mutating func combine(
    _ value: JSONValue, at place: KeywordPlace, _ schema: JSONObject,
    on ways: inout [PartialBranch]
  ) throws(ConstraintError) -> Bool {
    let node = place.node
    switch (place.keyword, value) {
    case ("$ref", .string(let reference)), ("$dynamicRef", .string(let reference)):
      guard let target = try target(of: reference, at: place) else { break }
      add([SchemaLiteral(node: target, isPositive: true)], to: &ways)
    case ("allOf", .array(let list)):
      try budget.take(conditions: ways.count * list.count)
      add(children(node, "allOf", list.count), to: &ways)
    case ("anyOf", .array(let list)):
      guard list.count <= Self.mostBranches else { throw tooManyBranches(node) }
      try split(&ways, children(node, "anyOf", list.count).map { [$0] }, node)
    case ("oneOf", .array(let list)):
      guard list.count <= Self.mostBranches else { throw tooManyBranches(node) }
      let all = children(node, "oneOf", list.count)
      let companions = try companions(of: all, in: node)
      let options = zip(all, companions).map { chosen, others in
        [chosen] + others.map { all[$0].negated }
      }
      try split(&ways, options, node)
    case ("not", _): add([child(node, "not").negated], to: &ways)
    case ("if", _):
      let condition = child(node, "if")
      guard schema["then"] != nil || schema["else"] != nil else { break }
      let then = schema["then"].map { _ in child(node, "then") }
      let otherwise = schema["else"].map { _ in child(node, "else") }
      try split(
        &ways,
        [
          [condition] + (then.map { [$0] } ?? []),
          [condition.negated] + (otherwise.map { [$0] } ?? []),
        ], node)
    case ("then", _), ("else", _): break
    case ("dependentRequired", .object(let map)), ("dependentSchemas", .object(let map)),
      ("dependencies", .object(let map)):
      try budget.take(conditions: map.reduce(0) { $0 + 1 + ($1.value.arrayValue?.count ?? 0) })
      guard let dependents = dependents(map, at: place) else { return false }
      for dependent in dependents where Self.mayBeObject(schema) {
        try depend(on: dependent.name, &ways, node) {
          switch dependent.asks {
          case .names(let names): $0.branch.require(names)
          case .schema(let literal): $0.add([literal])
          }
        }
      }
    default: return false
    }
    return true
  }

  /// What a property asks for that an object has.
  struct Dependent {
    enum Asks {
      case names([String])
      case schema(SchemaLiteral)
    }

    let name: String
    let asks: Asks

    /// In how many ways it can be broken.
    var count: Int { if case .names(let names) = asks { names.count } else { 1 } }
  }

  /// By property what depends on it: names where the keyword has lists, else a schema. Drafts before
  /// 2019-09 have both in `dependencies`. Nil where one is not of the kind that it must be.
  mutating func dependents(_ map: JSONObject, at place: KeywordPlace) -> [Dependent]? {
    var result: [Dependent] = []
    for (name, value) in map {
      if place.keyword != "dependentSchemas", let list = value.arrayValue {
        guard let names = Self.names(list) else { return nil }
        result.append(Dependent(name: name, asks: .names(names)))
      } else if place.keyword != "dependentRequired" {
        let node = document.child(place.node, place.keyword, name)
        result.append(
          Dependent(name: name, asks: .schema(SchemaLiteral(node: node, isPositive: true))))
      } else {
        return nil
      }
    }
    return result
  }

  /// Where a reference leads; nil where it is refused.
  private mutating func target(
    of reference: String, at place: KeywordPlace
  ) throws(ConstraintError) -> Int? {
    if place.keyword == "$dynamicRef", document.isDynamic(reference, from: place.node) {
      try refuse(place, "the reference depends on where the schema is used from")
      return nil
    }
    let target = document.target(of: reference, from: place.node)
    if target == nil {
      try refuse(place, "the reference leads to nothing in this document", .undefined)
    }
    return target
  }

  private func add(_ literals: [SchemaLiteral], to ways: inout [PartialBranch]) {
    for index in ways.indices { ways[index].add(literals) }
  }

  /// Makes of each way one for each of `options`, unless they become too many.
  private mutating func split(
    _ ways: inout [PartialBranch], _ options: [[SchemaLiteral]], _ node: Int
  ) throws(ConstraintError) {
    guard ways.count * options.count <= Self.mostBranches else { throw tooManyBranches(node) }
    for way in ways {
      try budget.take(conditions: options.reduce(0) { $0 + way.size + $1.count })
    }
    ways = ways.flatMap { way in options.map { way.adding($0) } }
  }

  /// What depends on a property says nothing of values that are no objects.
  private static func mayBeObject(_ schema: JSONObject) -> Bool {
    schema["type"].flatMap(types)?.contains(.object) ?? true
  }

  /// Makes of each way one without the property `name`, and one that has it, for which `change` is
  /// done.
  private mutating func depend(
    on name: String, _ ways: inout [PartialBranch], _ node: Int,
    _ change: (inout PartialBranch) -> Void
  ) throws(ConstraintError) {
    var next: [PartialBranch] = []
    for var way in ways {
      try budget.take(conditions: way.size)
      if way.branch.types.contains(.object) {
        var present = way
        way.branch.forbidden.insert(name)
        present.branch.types = .object
        present.branch.require([name])
        change(&present)
        next += [way, present]
      } else {
        next.append(way)
      }
      guard next.count <= Self.mostBranches else { throw tooManyBranches(node) }
    }
    ways = next
  }

  mutating func child(_ node: Int, _ keyword: String) -> SchemaLiteral {
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
}
