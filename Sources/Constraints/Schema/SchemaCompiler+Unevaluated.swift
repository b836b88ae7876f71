// unevaluatedProperties and unevaluatedItems, where it is certain which parts other keywords see.

import JSON

/// What keywords of a schema, and those of schemas that it always applies, have seen to.
struct Evaluated {
  var names: Set<String> = []
  var patterns: [String] = []
  var allProperties = false
  var itemCount = 0
  var allItems = false
  /// Whether more is seen to in some values than in others, or may be.
  var dependsOnValue = false
}

extension SchemaCompiler {
  /// Adds what an unevaluated… keyword asks for. Refused where it depends on the value what has been
  /// evaluated.
  mutating func limitUnevaluated(
    _ value: JSONValue, _ place: KeywordPlace, _ branch: inout SchemaBranch
  ) throws(ConstraintError) {
    if value == .bool(true) { return }
    let isItems = place.keyword == "unevaluatedItems"
    let evaluated = try evaluated(at: place, isItems: isItems)
    guard !evaluated.dependsOnValue else {
      return try refuse(
        place, "what has been evaluated depends on the value, through other keywords")
    }
    let literal = SchemaLiteral(
      node: document.child(place.node, place.keyword), isPositive: true)
    if isItems {
      if !evaluated.allItems {
        branch.items.append(.init(start: evaluated.itemCount, literal: literal))
      }
    } else if !evaluated.allProperties {
      branch.additional.append(
        .init(names: evaluated.names, patterns: evaluated.patterns, literal: literal))
    }
  }

  /// Schemas that are always applied together, at most, for what they see to to be known.
  private static let mostApplied = 4_096

  /// What keywords beside the one at `place` see to. A loop over what is applied: chains of
  /// references may be as long as the schema.
  private mutating func evaluated(
    at place: KeywordPlace, isItems: Bool
  ) throws(ConstraintError) -> Evaluated {
    if let known = evaluated[place] { return known }
    var result = Evaluated()
    var seen: Set<Int> = []
    var pending = [place.node]
    while let node = pending.popLast(), !result.dependsOnValue {
      guard seen.insert(node).inserted, let schema = document.nodes[node].value.objectValue else {
        continue
      }
      guard seen.count <= Self.mostApplied else {
        result.dependsOnValue = true
        break
      }
      result.dependsOnValue =
        ["anyOf", "oneOf", "if", "dependentSchemas", "dependencies"].contains {
          schema[$0] != nil
        }
        || isItems && schema["contains"] != nil
      try see(schema, isRoot: node == place.node, &result)
      pending += children(node, "allOf", schema["allOf"]?.arrayValue?.count ?? 0).map(\.node)
      for keyword in ["$ref", "$dynamicRef"] {
        guard let reference = schema[keyword]?.stringValue else { continue }
        if let target = document.target(of: reference, from: node) {
          pending.append(target)
        } else {
          result.dependsOnValue = true
        }
      }
    }
    evaluated[place] = result
    return result
  }

  /// Adds what the keywords of one schema see to.
  private mutating func see(
    _ schema: JSONObject, isRoot: Bool, _ result: inout Evaluated
  ) throws(ConstraintError) {
    let names = schema["properties"]?.objectValue?.keys ?? []
    let patterns = schema["patternProperties"]?.objectValue?.keys ?? []
    try budget.take(conditions: 8 * names.count + patterns.count)
    result.names.formUnion(names)
    result.patterns += patterns
    let list = schema["items"]?.arrayValue
    result.itemCount = max(
      result.itemCount, list?.count ?? 0, schema["prefixItems"]?.arrayValue?.count ?? 0)
    if (list == nil ? schema["items"] : schema["additionalItems"]) != nil
      || !isRoot && schema["unevaluatedItems"] != nil
    {
      result.allItems = true
    }
    if schema["additionalProperties"] != nil || !isRoot && schema["unevaluatedProperties"] != nil {
      result.allProperties = true
    }
  }
}
