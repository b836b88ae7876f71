// The statements: what stands between `{%` and `%}`.

extension TemplateParser {
  /// The statement whose name is next, up to the end of its last tag, which is not consumed.
  mutating func statement() throws(TemplateFault) -> TemplateStatement {
    let opening = current
    guard case .name(let name) = opening.kind else { throw unexpected("the name of a tag") }
    advance()
    switch name.string {
    case "if": return try conditional(opening)
    case "for": return try loop(opening)
    case "set": return try assignment(opening)
    case "macro": return try macro(opening)
    case "call": return try callBlock(opening)
    case "filter": return try filterBlock(opening)
    case "with": return try with(opening)
    case "generation": return .scope(try body(.endgeneration, opening))
    case "block": return try block(opening)
    case "autoescape":
      let condition = try expression()
      return .autoescape(condition, try body(.endautoescape, opening))
    case "break", "continue":
      guard loopCount > 0 else {
        throw TemplateFault(
          .syntax, "'\(name.string)' must stand inside a loop", at: opening.position)
      }
      return name == "break" ? .breakLoop : .continueLoop
    case "extends", "include", "import", "from":
      throw TemplateFault(
        .syntax, "'\(name.string)' is not available: a chat template stands alone",
        at: opening.position)
    default:
      throw TemplateFault(.syntax, "unknown tag '\(name.string)'", at: opening.position)
    }
  }

  /// The rest of the opening tag and the body, up to `end`, which is consumed.
  private mutating func body(
    _ end: TemplateToken.Word, _ opening: TemplateToken
  ) throws(TemplateFault) -> [TemplateStatement] {
    _ = skip(.colon)
    try expect(.blockEnd)
    let body = try statements(until: [end], after: opening)
    advance()
    return body
  }

  private mutating func conditional(
    _ opening: TemplateToken
  ) throws(TemplateFault) -> TemplateStatement {
    var branches: [TemplateBranch] = []
    while true {
      let condition = try tuple(withConditional: false)
      _ = skip(.colon)
      try expect(.blockEnd)
      let body = try statements(until: [.elif, .else, .endif], after: opening)
      branches.append(TemplateBranch(condition: condition, body: body))
      if skip(.elif) { continue }
      if skip(.else) {
        return .conditional(branches, otherwise: try self.body(.endif, opening))
      }
      advance()
      return .conditional(branches, otherwise: [])
    }
  }

  private mutating func loop(_ opening: TemplateToken) throws(TemplateFault) -> TemplateStatement {
    let target = try target()
    guard !target.assigns(.loop) else {
      throw TemplateFault(.syntax, "a loop's variable cannot be 'loop'", at: opening.position)
    }
    guard skip(.in) else { throw unexpected("'in'") }
    let iterable = try tuple(withConditional: false)
    let condition = skip(.if) ? try expression() : nil
    let isRecursive = skip(.recursive)
    _ = skip(.colon)
    try expect(.blockEnd)
    loopCount += 1
    let body = try statements(until: [.endfor, .else], after: opening)
    loopCount -= 1
    var otherwise: [TemplateStatement] = []
    if skip(.else) { otherwise = try self.body(.endfor, opening) } else { advance() }
    return .loop(
      TemplateLoop(
        target: target, iterable: iterable, condition: condition, isRecursive: isRecursive,
        body: body, otherwise: otherwise))
  }

  private mutating func assignment(
    _ opening: TemplateToken
  ) throws(TemplateFault) -> TemplateStatement {
    let target = try target(withNamespace: true)
    if skip(.assign) { return .assign(target, try tuple()) }
    var filters: [TemplateFilterCall] = []
    while skip(.pipe) { filters.append(try filterCall()) }
    return .assignBlock(target, filters, try body(.endset, opening))
  }

  private mutating func filterBlock(
    _ opening: TemplateToken
  ) throws(TemplateFault) -> TemplateStatement {
    var filters = [try filterCall()]
    while skip(.pipe) { filters.append(try filterCall()) }
    return .filter(filters, try body(.endfilter, opening))
  }

  private mutating func with(_ opening: TemplateToken) throws(TemplateFault) -> TemplateStatement {
    var bindings: [(target: TemplateTarget, value: TemplateExpression)] = []
    while current.kind != .blockEnd, !isAt(.colon) {
      if !bindings.isEmpty { try expect(.comma) }
      let target = try target()
      try expect(.assign)
      bindings.append((target, try expression()))
    }
    return .with(bindings, try body(.endwith, opening))
  }

  private mutating func block(_ opening: TemplateToken) throws(TemplateFault) -> TemplateStatement {
    let position = current.position
    let name = try expectName()
    guard blockNames.insert(name).inserted else {
      throw TemplateFault(.syntax, "a block of that name exists already", at: position)
    }
    let isScoped = skip(.scoped)
    let body = try body(.endblock, opening)
    if current.kind == .name(name) { advance() }
    return isScoped ? .scope(body) : .block(body)
  }

  // MARK: Macros

  private mutating func macro(_ opening: TemplateToken) throws(TemplateFault) -> TemplateStatement {
    let name = intern(try expectName())
    let parameters = try signature()
    return .macro(try macroBody(name, parameters, .endmacro, opening))
  }

  private mutating func callBlock(
    _ opening: TemplateToken
  ) throws(TemplateFault) -> TemplateStatement {
    let parameters = isAt(.openParenthesis) ? try signature() : []
    let call = try expression()
    guard case .call = call.kind else {
      throw TemplateFault(.syntax, "expected the call of a macro", at: call.position)
    }
    return .call(call, caller: try macroBody(nil, parameters, .endcall, opening))
  }

  private mutating func macroBody(
    _ name: TemplateName?, _ parameters: [TemplateMacro.Parameter], _ end: TemplateToken.Word,
    _ opening: TemplateToken
  ) throws(TemplateFault) -> TemplateMacro {
    let (outerUses, outerLoopCount) = (uses, loopCount)
    (uses, loopCount) = ([], 0)
    let body = try body(end, opening)
    if uses.contains(.caller),
      parameters.contains(where: { $0.name == .caller && $0.fallback == nil })
    {
      throw TemplateFault(
        .syntax, "a parameter 'caller' needs a default", at: opening.position)
    }
    let macro = TemplateMacro(name: name, parameters: parameters, body: body, uses: uses)
    (uses, loopCount) = (outerUses.union(uses), outerLoopCount)
    return macro
  }

  private mutating func signature() throws(TemplateFault) -> [TemplateMacro.Parameter] {
    var parameters: [TemplateMacro.Parameter] = []
    var names: Set<TemplateText> = []
    try expect(.openParenthesis)
    while !isAt(.closeParenthesis) {
      if !parameters.isEmpty { try expect(.comma) }
      let position = current.position
      let name = try expectName()
      let fallback = skip(.assign) ? try expression() : nil
      if fallback == nil, parameters.last?.fallback != nil {
        throw TemplateFault(
          .syntax, "a parameter without a default follows one with a default", at: position)
      }
      guard names.insert(name).inserted else {
        throw TemplateFault(.syntax, "a parameter of that name exists already", at: position)
      }
      parameters.append(.init(name: intern(name), text: name, fallback: fallback))
    }
    try expect(.closeParenthesis)
    return parameters
  }

  // MARK: Targets

  /// What is assigned to: a name, several with commas between them, or a namespace's attribute.
  private mutating func target(withNamespace: Bool = false) throws(TemplateFault) -> TemplateTarget
  {
    let position = current.position
    var targets: [TemplateTarget] = []
    var isTuple = false
    while targets.isEmpty || isTarget {
      targets.append(try singleTarget(withNamespace: withNamespace))
      guard skip(.comma) else { break }
      isTuple = true
    }
    return isTuple ? .tuple(targets, position: position) : targets[0]
  }

  private var isTarget: Bool {
    if case .name = current.kind { return !isAt(.in) }
    return isAt(.openParenthesis)
  }

  private mutating func singleTarget(
    withNamespace: Bool
  ) throws(TemplateFault) -> TemplateTarget {
    let position = current.position
    if skip(.openParenthesis) {
      try enter()
      let inner = try target(withNamespace: withNamespace)
      leave()
      try expect(.closeParenthesis)
      return inner
    }
    let name = try expectName()
    if ["true", "True", "false", "False", "none", "None"].contains(name) {
      throw TemplateFault(.syntax, "cannot assign to '\(name.string)'", at: position)
    }
    if withNamespace, skip(.dot) {
      return .namespace(intern(name), try expectName(), position: position)
    }
    return .name(intern(name))
  }
}
