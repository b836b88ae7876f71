// unevaluatedProperties and unevaluatedItems, where it is certain which parts other keywords see.

import JSON

extension SchemaCompiler {
  /// What keywords of a schema, and those of schemas that it always applies, have seen to.
  private struct Evaluated {
    var names: [String] = []
    var patterns: [String] = []
    var allProperties = false
    var itemCount = 0
    var allItems = false
  }

  /// Adds what an unevaluated… keyword asks for. Refused where it depends on the value what has been
  /// evaluated.
  mutating func limitUnevaluated(
    _ value: JSONValue, _ place: KeywordPlace, _ branch: inout SchemaBranch
  ) throws(ConstraintError) {
    if value == .bool(true) { return }
    let isItems = place.keyword == "unevaluatedItems"
    var seen: Set<Int> = []
    guard let evaluated = evaluated(place.node, isItems: isItems, &seen, isRoot: true) else {
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

  /// Nil where it depends on the value.
  private mutating func evaluated(
    _ node: Int, isItems: Bool, _ seen: inout Set<Int>, isRoot: Bool
  ) -> Evaluated? {
    var result = Evaluated()
    guard seen.insert(node).inserted, let schema = document.nodes[node].value.objectValue else {
      return result
    }
    for keyword in ["anyOf", "oneOf", "if", "dependentSchemas"] where schema[keyword] != nil {
      return nil
    }
    if isItems, schema["contains"] != nil { return nil }
    result.names = schema["properties"]?.objectValue?.keys ?? []
    result.patterns = schema["patternProperties"]?.objectValue?.keys ?? []
    result.itemCount = schema["prefixItems"]?.arrayValue?.count ?? 0
    result.allItems = schema["items"] != nil || !isRoot && schema["unevaluatedItems"] != nil
    result.allProperties =
      schema["additionalProperties"] != nil || !isRoot && schema["unevaluatedProperties"] != nil
    var parts = children(node, "allOf", schema["allOf"]?.arrayValue?.count ?? 0).map(\.node)
    for keyword in ["$ref", "$dynamicRef"] {
      guard let reference = schema[keyword]?.stringValue else { continue }
      guard let target = document.target(of: reference, from: node) else { return nil }
      parts.append(target)
    }
    for part in parts {
      guard let other = evaluated(part, isItems: isItems, &seen, isRoot: false) else { return nil }
      result.names += other.names
      result.patterns += other.patterns
      result.allProperties = result.allProperties || other.allProperties
      result.itemCount = max(result.itemCount, other.itemCount)
      result.allItems = result.allItems || other.allItems
    }
    return result
  }
}
