// Equality, order and membership with Python's meaning.

extension TemplateEvaluator {
  func compare(
    _ operation: TemplateOperation.Operator, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateFault) -> Bool {
    switch operation {
    case .equal: try isEqual(left, right)
    case .notEqual: !(try isEqual(left, right))
    case .less: try isLess(left, right)
    case .greater: try isLess(right, left)
    case .lessOrEqual: try isLess(left, right, orEqual: true)
    case .greaterOrEqual: try isLess(right, left, orEqual: true)
    case .isIn: try contains(right, left)
    case .notIn: !(try contains(right, left))
    case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power:
      throw mismatch(left, right)
    }
  }

  func isEqual(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateFault) -> Bool {
    try budget.step()
    switch (left, right) {
    case (.string(let left), .string(let right)): return try isEqual(left, right)
    case (.undefined, .undefined), (.null, .null): return true
    case (.list(let left), .list(let right)):
      return try isEqual(left, right)
    case (.dict(let left), .dict(let right)):
      guard left.keys.count == right.keys.count else { return false }
      for (key, value) in zip(left.keys, left.values) {
        guard let other = right[key], try isEqual(value, other) else { return false }
      }
      return true
    case (.object(let left), .object(let right)): return left == right
    case (.global(let left), .global(let right)): return left == right
    case (.method(let left), .method(let right)): return left === right
    default:
      if let left = left.text, let right = right.text { return try isEqual(left, right) }
      if let left = left.integer, let right = right.integer { return left == right }
      if let left = left.double, let right = right.double { return left == right }
      return false
    }
  }

  private func isEqual(
    _ left: TemplateText, _ right: TemplateText
  ) throws(TemplateFault) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    try budget.scan(left.utf8.count)
    return left == right
  }

  private func isEqual(
    _ left: TemplateList, _ right: TemplateList
  ) throws(TemplateFault) -> Bool {
    // A view of values is equal to itself only.
    if left.kind == .values { return left === right }
    let isSameKind =
      left.kind == right.kind || left.isTuple && right.isTuple
    guard isSameKind, left.elements.count == right.elements.count else { return false }
    for (left, right) in zip(left.elements, right.elements) {
      guard try isEqual(left, right) else { return false }
    }
    return true
  }

  /// Whether `left` is less, or not greater where `orEqual` is set.
  func isLess(
    _ left: TemplateValue, _ right: TemplateValue, orEqual: Bool = false
  ) throws(TemplateFault) -> Bool {
    try budget.step()
    if let left = left.text, let right = right.text {
      try budget.scan(min(left.utf8.count, right.utf8.count))
      return left < right || orEqual && left == right
    }
    if let left = left.integer, let right = right.integer {
      return left < right || orEqual && left == right
    }
    if let left = left.double, let right = right.double {
      return left < right || orEqual && left == right
    }
    if case .list(let left) = left, case .list(let right) = right,
      left.kind == .list && right.kind == .list || left.isTuple && right.isTuple
    {
      for (left, right) in zip(left.elements, right.elements) {
        if try isEqual(left, right) { continue }
        return try isLess(left, right)
      }
      let (count, other) = (left.elements.count, right.elements.count)
      return count < other || orEqual && count == other
    }
    if case .undefined(let undefined) = left { throw fault(undefined) }
    if case .undefined(let undefined) = right { throw fault(undefined) }
    throw invalid("\(left.type.name) and \(right.type.name) have no order")
  }

  /// Whether `item` is in `container`.
  func contains(
    _ container: TemplateValue, _ item: TemplateValue
  ) throws(TemplateFault) -> Bool {
    switch container {
    case .string(let text), .markup(let text):
      guard let part = item.text else {
        throw invalid("only a string can be in a string, not \(item.type.name)")
      }
      return try search(text).first(part) != nil
    case .dict(let dict):
      return dict[try hashable(item)] != nil
    default:
      for element in try elements(of: container) where try isEqual(element, item) {
        return true
      }
      return false
    }
  }

  // MARK: Sorting

  /// The items in the order of their keys; items with equal keys keep theirs.
  func sorted<Item>(
    _ items: [Item], isReversed: Bool, by key: (Item) throws(TemplateFault) -> TemplateValue
  ) throws(TemplateFault) -> [Item] {
    var keyed: [(key: TemplateValue, item: Item)] = []
    for item in items { keyed.append((try key(item), item)) }
    // A merge sort from the bottom up: it is stable, and its comparisons may throw.
    var width = 1
    while width < keyed.count {
      var merged: [(key: TemplateValue, item: Item)] = []
      merged.reserveCapacity(keyed.count)
      for start in stride(from: 0, to: keyed.count, by: 2 * width) {
        var left = keyed[start..<min(start + width, keyed.count)]
        var right = keyed[left.endIndex..<min(left.endIndex + width, keyed.count)]
        while let first = left.first, let second = right.first {
          let isSecond =
            try isReversed ? isLess(first.key, second.key) : isLess(second.key, first.key)
          merged.append(isSecond ? right.removeFirst() : left.removeFirst())
        }
        merged += left
        merged += right
      }
      keyed = merged
      width *= 2
    }
    return keyed.map(\.item)
  }
}

extension TemplateList {
  fileprivate var isTuple: Bool { kind == .tuple || kind == .group }
}
