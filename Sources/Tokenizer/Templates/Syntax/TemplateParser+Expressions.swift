// Expressions by precedence: conditional, or, and, not, comparison, sum, `~`, product, power, sign.

extension TemplateParser {
  /// An expression, or a tuple where commas follow it.
  mutating func tuple(
    withConditional: Bool = true, inParentheses: Bool = false
  ) throws(TemplateFault) -> TemplateExpression {
    let position = current.position
    var items: [TemplateExpression] = []
    var isTuple = false
    while !isTupleEnd {
      items.append(try expression(withConditional: withConditional))
      guard skip(.comma) else { break }
      isTuple = true
    }
    if !isTuple, let only = items.first { return only }
    guard isTuple || inParentheses else { throw unexpected("an expression") }
    return TemplateExpression(kind: .tuple(items), position: position)
  }

  private var isTupleEnd: Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(.closeParenthesis): true
    default: false
    }
  }

  mutating func expression(
    withConditional: Bool = true
  ) throws(TemplateFault) -> TemplateExpression {
    try enter()
    var result = try disjunction()
    var count = 0
    while withConditional, isAt(.if) {
      count += 1
      try checkChain(count)
      let position = current.position
      advance()
      let condition = try disjunction()
      let otherwise = skip(.else) ? try expression() : nil
      result = TemplateExpression(
        kind: .conditional(condition, then: result, otherwise: otherwise), position: position)
    }
    leave()
    return result
  }

  private mutating func disjunction() throws(TemplateFault) -> TemplateExpression {
    var operands = [try conjunction()]
    while skip(.or) { operands.append(try conjunction()) }
    if operands.count == 1 { return operands[0] }
    return TemplateExpression(kind: .or(operands), position: operands[0].position)
  }

  private mutating func conjunction() throws(TemplateFault) -> TemplateExpression {
    var operands = [try negation()]
    while skip(.and) { operands.append(try negation()) }
    if operands.count == 1 { return operands[0] }
    return TemplateExpression(kind: .and(operands), position: operands[0].position)
  }

  private mutating func negation() throws(TemplateFault) -> TemplateExpression {
    let position = current.position
    var count = 0
    while skip(.not) { count += 1 }
    var result = try comparison()
    // Any even number of them makes a boolean just as two do.
    for _ in 0..<(count == 0 ? 0 : 2 - count % 2) {
      result = TemplateExpression(kind: .not(result), position: position)
    }
    return result
  }

  private mutating func comparison() throws(TemplateFault) -> TemplateExpression {
    let first = try arithmetic(0)
    var rest: [TemplateOperation] = []
    var position = current.position
    while let comparison = comparisonOperator {
      if rest.isEmpty { position = current.position }
      if comparison == .notIn { advance() }
      advance()
      rest.append(TemplateOperation(operator: comparison, operand: try arithmetic(0)))
    }
    if rest.isEmpty { return first }
    return TemplateExpression(kind: .comparison(first, rest), position: position)
  }

  private var comparisonOperator: TemplateOperation.Operator? {
    if isAt(.in) { return .isIn }
    if isAt(.not) { return next.word == .in ? .notIn : nil }
    return switch current.kind {
    case .symbol(.equal): .equal
    case .symbol(.notEqual): .notEqual
    case .symbol(.less): .less
    case .symbol(.lessOrEqual): .lessOrEqual
    case .symbol(.greater): .greater
    case .symbol(.greaterOrEqual): .greaterOrEqual
    default: nil
    }
  }

  /// Sums (level 0), concatenations, products and powers (3). All group from the left.
  private mutating func arithmetic(_ level: Int) throws(TemplateFault) -> TemplateExpression {
    if level > 3 { return try signed() }
    let first = try arithmetic(level + 1)
    if level == 1 { return try concatenation(first) }
    var rest: [TemplateOperation] = []
    var position = current.position
    while let arithmeticOperator = arithmeticOperator(level) {
      if rest.isEmpty { position = current.position }
      advance()
      rest.append(
        TemplateOperation(operator: arithmeticOperator, operand: try arithmetic(level + 1)))
    }
    if rest.isEmpty { return first }
    return TemplateExpression(kind: .arithmetic(first, rest), position: position)
  }

  private func arithmeticOperator(_ level: Int) -> TemplateOperation.Operator? {
    guard case .symbol(let symbol) = current.kind else { return nil }
    return switch (level, symbol) {
    case (0, .add): .add
    case (0, .subtract): .subtract
    case (2, .multiply): .multiply
    case (2, .divide): .divide
    case (2, .floorDivide): .floorDivide
    case (2, .modulo): .modulo
    case (3, .power): .power
    default: nil
    }
  }

  private mutating func concatenation(
    _ first: TemplateExpression
  ) throws(TemplateFault) -> TemplateExpression {
    guard isAt(.concatenate) else { return first }
    let position = current.position
    var operands = [first]
    while skip(.concatenate) { operands.append(try arithmetic(2)) }
    return TemplateExpression(kind: .concatenation(operands), position: position)
  }

  /// An operand with its sign and with what follows it. Filters belong to the whole, sign
  /// included: `-1|abs` is 1.
  private mutating func signed(withFilters: Bool = true) throws(TemplateFault) -> TemplateExpression
  {
    let position = current.position
    var result: TemplateExpression
    if isAt(.subtract) || isAt(.add) {
      let isNegative = isAt(.subtract)
      advance()
      try enter()
      let operand = try signed(withFilters: false)
      leave()
      result = TemplateExpression(
        kind: isNegative ? .negative(operand) : .positive(operand), position: position)
    } else {
      result = try primary()
    }
    var count = 0
    while let longer = try postfix(result, withFilters: withFilters) {
      count += 1
      try checkChain(count)
      result = longer
    }
    return result
  }

  func checkChain(_ count: Int) throws(TemplateFault) {
    if count > Self.chainLimit {
      throw TemplateFault(
        .tooDeep, "a chain of more than \(Self.chainLimit) calls, attributes and filters",
        at: current.position)
    }
  }
}
