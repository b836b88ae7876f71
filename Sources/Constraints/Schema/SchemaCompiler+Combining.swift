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
      add(children(node, "allOf", list.count), to: &ways)
    case ("anyOf", .array(let list)):
      split(&ways, children(node, "anyOf", list.count).map { [$0] })
    case ("oneOf", .array(let list)):
      let all = children(node, "oneOf", list.count)
      var options: [[SchemaLiteral]] = []
      for (index, chosen) in all.enumerated() {
        var literals = [chosen]
        for (other, literal) in all.enumerated() where other != index {
          if !areDisjoint([chosen, literal]) { literals.append(literal.negated) }
        }
        options.append(literals)
      }
      split(&ways, options)
    case ("not", _): add([child(node, "not").negated], to: &ways)
    case ("if", _):
      let condition = child(node, "if")
      guard schema["then"] != nil || schema["else"] != nil else { break }
      let then = schema["then"].map { _ in child(node, "then") }
      let otherwise = schema["else"].map { _ in child(node, "else") }
      split(
        &ways,
        [
          [condition] + (then.map { [$0] } ?? []),
          [condition.negated] + (otherwise.map { [$0] } ?? []),
        ])
    case ("then", _), ("else", _): break
    case ("dependentRequired", .object(let map)):
      for (name, list) in map {
        guard let names = list.arrayValue.flatMap(Self.names) else { return false }
        ways = ways.flatMap { Self.dependent(name, on: $0) { $0.branch.require(names) } }
      }
    case ("dependentSchemas", .object(let map)):
      for name in map.keys {
        let literal = SchemaLiteral(
          node: document.child(node, "dependentSchemas", name), isPositive: true)
        ways = ways.flatMap { Self.dependent(name, on: $0) { $0.add([literal]) } }
      }
    default: return false
    }
    return true
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

  /// Makes of each way one for each of `options`.
  private func split(_ ways: inout [PartialBranch], _ options: [[SchemaLiteral]]) {
    ways = ways.flatMap { way in options.map { way.adding($0) } }
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
