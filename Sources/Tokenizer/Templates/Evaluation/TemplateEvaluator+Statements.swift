// Statements: what they do to the output and to variables.

/// How control leaves a statement.
enum TemplateFlow {
  case next, breakLoop, continueLoop
}

extension TemplateEvaluator {
  func run(_ statements: [TemplateStatement]) throws(TemplateFault) -> TemplateFlow {
    try enter()
    for statement in statements {
      try budget.step()
      let flow = try run(statement)
      if flow != .next {
        leave()
        return flow
      }
    }
    leave()
    return .next
  }

  private func run(_ statement: TemplateStatement) throws(TemplateFault) -> TemplateFlow {
    switch statement {
    case .text(let text):
      try budget.make(text.utf8.count)
      output += text.utf8
    case .output(let expression):
      try write(try evaluate(expression), of: expression)
    case .conditional(let branches, let otherwise):
      for branch in branches where try evaluate(branch.condition).isTrue {
        return try run(branch.body)
      }
      if !otherwise.isEmpty { return try run(otherwise) }
    case .loop(let loop):
      return try run(loop)
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    case .assign(let target, let expression):
      try assign(try evaluate(expression), to: target)
    case .assignBlock(let target, let filters, let body):
      try assign(try filtered(body, by: filters), to: target)
    case .filter(let filters, let body):
      let value = try filtered(body, by: filters)
      guard value.text != nil else {
        throw invalid("a filter's block must give text, not \(value.type.name)")
          .at(filters.last?.position ?? 0)
      }
      try write(value, into: &output)
    case .macro(let macro):
      let closure = try add(.macro(TemplateClosure(macro, scope: scope, escapes: escapes)))
      if let name = macro.name { assign(closure, to: name) }
    case .call(let call, let caller):
      let closure = try add(.macro(TemplateClosure(caller, scope: scope, escapes: escapes)))
      try write(try evaluate(call, caller: closure), of: call)
    case .with(let bindings, let body):
      return try run(body, with: bindings)
    case .scope(let body):
      return try inScope { () throws(TemplateFault) in try run(body) }
    case .block(let body):
      // It sees the variables outside all scopes only.
      let outer = scope
      scope = TemplateScope(parent: nil)
      let flow = try run(body)
      scope = outer
      return flow
    case .autoescape(let condition, let body):
      let outer = escapes
      escapes = try evaluate(condition).isTrue
      let flow = try inScope { () throws(TemplateFault) in try run(body) }
      escapes = outer
      return flow
    }
    return .next
  }

  /// Appends the value of an expression to the output.
  private func write(
    _ value: TemplateValue, of expression: TemplateExpression
  ) throws(TemplateFault) {
    do throws(TemplateFault) {
      try write(escapes ? .markup(try escaped(value)) : value, into: &output)
    } catch {
      throw error.at(expression.position)
    }
  }

  private func run(
    _ body: [TemplateStatement],
    with bindings: [(target: TemplateTarget, value: TemplateExpression)]
  ) throws(TemplateFault) -> TemplateFlow {
    // The values see the variables outside only.
    var values: [TemplateValue] = []
    for binding in bindings { values.append(try evaluate(binding.value)) }
    return try inScope { () throws(TemplateFault) in
      for (binding, value) in zip(bindings, values) { try assign(value, to: binding.target) }
      return try run(body)
    }
  }

  private func filtered(
    _ body: [TemplateStatement], by filters: [TemplateFilterCall]
  ) throws(TemplateFault) -> TemplateValue {
    let text = try inScope { () throws(TemplateFault) in
      try captured { () throws(TemplateFault) in _ = try run(body) }
    }
    var value = captured(text)
    for filter in filters {
      do throws(TemplateFault) { value = try apply(filter, to: value) } catch {
        throw error.at(filter.position)
      }
    }
    return value
  }

  /// What `body` gives in a scope of its own.
  private func inScope<Result>(
    _ body: () throws(TemplateFault) -> Result
  ) throws(TemplateFault) -> Result {
    let outer = scope
    scope = TemplateScope(parent: outer)
    let result = try body()
    scope = outer
    return result
  }

  /// The text that `body` writes, which does not reach the output.
  func captured(_ body: () throws(TemplateFault) -> Void) throws(TemplateFault) -> TemplateText {
    var outer: [UInt8] = []
    swap(&outer, &output)
    try body()
    swap(&outer, &output)
    return TemplateText(utf8: outer)
  }
}
