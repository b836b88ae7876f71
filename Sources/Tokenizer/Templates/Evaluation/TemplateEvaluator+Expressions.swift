// Expressions: what they come to.

extension TemplateEvaluator {
  /// The value of an expression; `caller` is what a `call` block gives the macro it calls.
  func evaluate(
    _ expression: TemplateExpression, caller: TemplateValue? = nil
  ) throws(TemplateFault) -> TemplateValue {
    switch expression.kind {
    case .constant(let value): return value
    case .name(let name): return lookUp(name)
    default: break
    }
    do throws(TemplateFault) {
      try budget.step()
      try enter()
      let value = try compute(expression.kind, caller: caller)
      leave()
      return value
    } catch {
      throw error.at(expression.position)
    }
  }

  private func compute(
    _ kind: TemplateExpression.Kind, caller: TemplateValue?
  ) throws(TemplateFault) -> TemplateValue {
    switch kind {
    case .constant(let value): value
    case .name(let name): lookUp(name)
    case .list(let items): try list(try evaluate(items))
    case .tuple(let items): try list(try evaluate(items), .tuple)
    case .dict(let items): try dict(items)
    case .attribute(let base, let member): try attribute(member, of: try evaluate(base))
    case .subscripted(let base, let key):
      try element(try evaluate(key), of: try evaluate(base))
    case .slice(let base, let slice): try self.slice(try evaluate(base), slice)
    case .call(let callee, let arguments): try call(callee, arguments, caller: caller)
    case .filter(let base, let filter): try apply(filter, to: try evaluate(base))
    case .test(let base, let test): .bool(try holds(test, for: try evaluate(base)))
    case .negative(let operand): try negative(try evaluate(operand))
    case .positive(let operand): try positive(try evaluate(operand))
    case .arithmetic(let first, let operations): try arithmetic(first, operations)
    case .concatenation(let operands): try concatenation(operands)
    case .comparison(let first, let operations): .bool(try comparison(first, operations))
    case .and(let operands): try firstOperand(operands) { !$0.isTrue }
    case .or(let operands): try firstOperand(operands) { $0.isTrue }
    case .not(let operand): .bool(!(try evaluate(operand).isTrue))
    case .conditional(let condition, let value, let otherwise):
      if try evaluate(condition).isTrue {
        try evaluate(value)
      } else if let otherwise {
        try evaluate(otherwise)
      } else {
        .undefined(.empty)
      }
    }
  }

  func evaluate(
    _ expressions: [TemplateExpression]
  ) throws(TemplateFault) -> [TemplateValue] {
    try budget.step(expressions.count)
    var values: [TemplateValue] = []
    values.reserveCapacity(expressions.count)
    for expression in expressions { values.append(try evaluate(expression)) }
    return values
  }

  private func dict(
    _ items: [(key: TemplateExpression, value: TemplateExpression)]
  ) throws(TemplateFault) -> TemplateValue {
    var builder = TemplateDictBuilder()
    for item in items {
      let key = try hashable(try evaluate(item.key))
      builder[key] = try evaluate(item.value)
    }
    try budget.step(items.count)
    return try dict(builder)
  }

  /// The value, if it can be a key.
  func hashable(_ value: TemplateValue) throws(TemplateFault) -> TemplateValue {
    guard value.isHashable else { throw invalid("\(value.type.name) cannot be a key") }
    return value
  }

  /// The first operand that decides, or the last.
  private func firstOperand(
    _ operands: [TemplateExpression], that decides: (TemplateValue) -> Bool
  ) throws(TemplateFault) -> TemplateValue {
    var value = TemplateValue.null
    for operand in operands {
      value = try evaluate(operand)
      if decides(value) { break }
    }
    return value
  }

  private func concatenation(
    _ operands: [TemplateExpression]
  ) throws(TemplateFault) -> TemplateValue {
    var buffer: [UInt8] = []
    if escapes {
      let values = try evaluate(operands)
      if values.contains(where: \.isMarkup) {
        for value in values { try write(.markup(try escaped(value)), into: &buffer) }
        return .markup(TemplateText(utf8: buffer))
      }
      for value in values { try write(value, into: &buffer) }
    } else {
      for operand in operands { try write(try evaluate(operand), into: &buffer) }
    }
    return .string(TemplateText(utf8: buffer))
  }

  private func arithmetic(
    _ first: TemplateExpression, _ operations: [TemplateOperation]
  ) throws(TemplateFault) -> TemplateValue {
    var value = try evaluate(first)
    for operation in operations {
      try budget.step()
      value = try arithmetic(operation.operator, value, try evaluate(operation.operand))
    }
    return value
  }

  private func comparison(
    _ first: TemplateExpression, _ operations: [TemplateOperation]
  ) throws(TemplateFault) -> Bool {
    var left = try evaluate(first)
    for operation in operations {
      let right = try evaluate(operation.operand)
      guard try compare(operation.operator, left, right) else { return false }
      left = right
    }
    return true
  }
}
