// Operands: literals, names and brackets, and what may follow them.

extension TemplateParser {
  mutating func primary() throws(TemplateFault) -> TemplateExpression {
    let token = current
    advance()
    switch token.kind {
    case .name(let name):
      return TemplateExpression(kind: named(name), position: token.position)
    case .string(var text):
      // Strings side by side are one.
      while case .string(let more) = current.kind {
        text.utf8 += more.utf8
        advance()
      }
      return TemplateExpression(kind: .constant(.string(text)), position: token.position)
    case .integer(let value):
      return TemplateExpression(kind: .constant(.int(value)), position: token.position)
    case .float(let value):
      return TemplateExpression(kind: .constant(.float(value)), position: token.position)
    case .symbol(.openParenthesis):
      let inner = try tuple(inParentheses: true)
      try expect(.closeParenthesis)
      return inner
    case .symbol(.openBracket):
      return TemplateExpression(kind: .list(try listItems()), position: token.position)
    case .symbol(.openBrace):
      return TemplateExpression(kind: .dict(try dictItems()), position: token.position)
    default:
      throw TemplateFault(
        .syntax, "expected an expression, found \(token.description)", at: token.position)
    }
  }

  private mutating func named(_ name: TemplateText) -> TemplateExpression.Kind {
    switch name.string {
    case "true", "True": return .constant(.bool(true))
    case "false", "False": return .constant(.bool(false))
    case "none", "None": return .constant(.null)
    default:
      let name = intern(name)
      if name.index < TemplateName.special.count { uses.insert(name) }
      return .name(name)
    }
  }

  private mutating func listItems() throws(TemplateFault) -> [TemplateExpression] {
    var items: [TemplateExpression] = []
    while !isAt(.closeBracket) {
      items.append(try expression())
      guard skip(.comma) else { break }
    }
    try expect(.closeBracket)
    return items
  }

  private mutating func dictItems() throws(TemplateFault) -> [(
    key: TemplateExpression, value: TemplateExpression
  )] {
    var items: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !isAt(.closeBrace) {
      let key = try expression()
      try expect(.colon)
      items.append((key, try expression()))
      guard skip(.comma) else { break }
    }
    try expect(.closeBrace)
    return items
  }

  /// `base` with the attribute, subscript, call, filter or test that follows it; nil if none does.
  mutating func postfix(
    _ base: TemplateExpression, withFilters: Bool
  ) throws(TemplateFault) -> TemplateExpression? {
    let position = current.position
    let kind: TemplateExpression.Kind
    switch current.kind {
    case .symbol(.dot): kind = try attribute(of: base)
    case .symbol(.openBracket): kind = try subscripted(base)
    case .symbol(.openParenthesis): kind = .call(base, try arguments())
    case .symbol(.pipe) where withFilters:
      advance()
      kind = .filter(base, try filterCall())
    case .name where withFilters && isAt(.is): kind = try test(of: base)
    default: return nil
    }
    return TemplateExpression(kind: kind, position: position)
  }

  private mutating func attribute(
    of base: TemplateExpression
  ) throws(TemplateFault) -> TemplateExpression.Kind {
    advance()
    let token = current
    advance()
    switch token.kind {
    case .name(let name): return .attribute(base, TemplateMember(name: name, index: intern(name)))
    case .integer(let index):
      let index = TemplateExpression(kind: .constant(.int(index)), position: token.position)
      return .subscripted(base, index)
    default:
      throw TemplateFault(
        .syntax, "expected a name after '.', found \(token.description)", at: token.position)
    }
  }

  private mutating func subscripted(
    _ base: TemplateExpression
  ) throws(TemplateFault) -> TemplateExpression.Kind {
    advance()
    let position = current.position
    let start = isAt(.colon) ? nil : try tupleInBrackets()
    if let start, !isAt(.colon) {
      try expect(.closeBracket)
      return .subscripted(base, start)
    }
    try expect(.colon)
    let stop = isAt(.colon) || isAt(.closeBracket) ? nil : try expression()
    let step = skip(.colon) && !isAt(.closeBracket) ? try expression() : nil
    guard skip(.closeBracket) else {
      throw TemplateFault(.syntax, "expected ']' after a slice", at: position)
    }
    return .slice(base, TemplateSlice(start: start, stop: stop, step: step))
  }

  private mutating func tupleInBrackets() throws(TemplateFault) -> TemplateExpression {
    let first = try expression()
    guard isAt(.comma) else { return first }
    var items = [first]
    while skip(.comma), !isAt(.closeBracket) { items.append(try expression()) }
    return TemplateExpression(kind: .tuple(items), position: first.position)
  }

  /// The arguments of a call, of which the opening parenthesis is next.
  private mutating func arguments() throws(TemplateFault) -> TemplateArgumentList {
    var list = TemplateArgumentList()
    var names: Set<TemplateText> = []
    try expect(.openParenthesis)
    while !isAt(.closeParenthesis) {
      let position = current.position
      if skip(.multiply) {
        guard list.spread == nil else { throw misplacedArgument(position) }
        list.spread = try expression()
      } else if skip(.power) {
        guard list.namedSpread == nil else { throw misplacedArgument(position) }
        list.namedSpread = try expression()
      } else if case .name(let name) = current.kind, next.kind == .symbol(.assign) {
        advance()
        advance()
        guard names.insert(name).inserted else { throw misplacedArgument(position) }
        list.named.append((name, try expression()))
      } else {
        let isLast = list.named.isEmpty && list.spread == nil && list.namedSpread == nil
        guard isLast else { throw misplacedArgument(position) }
        list.positional.append(try expression())
      }
      guard skip(.comma) else { break }
    }
    try expect(.closeParenthesis)
    return list
  }

  private func misplacedArgument(_ position: Int) -> TemplateFault {
    TemplateFault(
      .syntax, "expected arguments by place, then each by name once, then * and **", at: position)
  }

  /// The filter whose name is next.
  mutating func filterCall() throws(TemplateFault) -> TemplateFilterCall {
    let position = current.position
    let name = try dottedName()
    return TemplateFilterCall(
      name: name, function: TemplateFilters.all[name],
      arguments: isAt(.openParenthesis) ? try arguments() : TemplateArgumentList(),
      position: position)
  }

  private mutating func test(
    of base: TemplateExpression
  ) throws(TemplateFault) -> TemplateExpression.Kind {
    let position = current.position
    advance()
    let isNegated = skip(.not)
    let name = try dottedName()
    var list = TemplateArgumentList()
    if isAt(.openParenthesis) {
      list = try arguments()
    } else if isTestArgument {
      try enter()
      var argument = try primary()
      var count = 0
      while let longer = try postfix(argument, withFilters: false) {
        count += 1
        try checkChain(count)
        argument = longer
      }
      leave()
      list.positional = [argument]
    }
    let call = TemplateTestCall(name: name, function: TemplateTests.all[name], arguments: list)
    let kind = TemplateExpression.Kind.test(base, call)
    return isNegated ? .not(TemplateExpression(kind: kind, position: position)) : kind
  }

  /// Whether a test's argument without parentheses is next.
  private var isTestArgument: Bool {
    switch current.kind {
    case .name: ![.else, .or, .and, .is, .if, .not, .in].contains(current.word)
    case .string, .integer, .float, .symbol(.openBracket), .symbol(.openBrace): true
    default: false
    }
  }

  private mutating func dottedName() throws(TemplateFault) -> TemplateText {
    var name = try expectName()
    while skip(.dot) {
      name.utf8.append(UInt8(ascii: "."))
      name.utf8 += try expectName().utf8
    }
    return name
  }
}
