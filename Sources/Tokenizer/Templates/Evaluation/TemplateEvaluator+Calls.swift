// Calls: methods, macros, functions, filters and tests.

extension TemplateEvaluator {
  func call(
    _ callee: TemplateExpression, _ list: TemplateArgumentList, caller: TemplateValue?
  ) throws(TemplateFault) -> TemplateValue {
    let function: TemplateValue
    if case .attribute(let base, let member) = callee.kind {
      let receiver = try evaluate(base)
      if let method = method(member, of: receiver) {
        return try method(self, receiver, try arguments(list))
      }
      do throws(TemplateFault) { function = try attribute(member, of: receiver) } catch {
        throw error.at(callee.position)
      }
    } else {
      function = try evaluate(callee)
    }
    if case .global(.raiseException) = function {
      // Arguments may repeat what somebody said: only what the template itself says is kept.
      let text = list.positional.first.map(Self.literal) ?? ""
      throw TemplateFault(.raised, "the template refuses this conversation: \(text)")
    }
    var arguments = try arguments(list)
    if let caller { arguments.named.append(("caller", caller)) }
    return try call(function, arguments)
  }

  func call(
    _ function: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch function {
    case .global(let global): return try call(global, arguments)
    case .method(let method): return try method.function(self, method.receiver, arguments)
    case .undefined(let undefined): throw fault(undefined)
    case .object(let id):
      switch object(id) {
      case .macro(let closure): return try call(closure, arguments)
      case .loop(let loop):
        return try recurse(loop, over: try arguments.bind(["iterable"], required: 1)[0]!)
      case .joiner(let joiner):
        defer { joiner.isUsed = true }
        return joiner.isUsed ? joiner.separator : .string("")
      case .namespace, .generator, .cycler: break
      }
    default: break
    }
    throw invalid("\(function.type.name) cannot be called")
  }

  /// The values of the arguments of a call.
  func arguments(_ list: TemplateArgumentList) throws(TemplateFault) -> TemplateArguments {
    var arguments = TemplateArguments()
    arguments.positional = try evaluate(list.positional)
    for (name, expression) in list.named {
      arguments.named.append((name, try evaluate(expression)))
    }
    if let spread = list.spread {
      arguments.positional += try elements(of: try evaluate(spread))
    }
    if let spread = list.namedSpread {
      guard case .dict(let dict) = try evaluate(spread) else {
        throw invalid("** needs a mapping")
      }
      try budget.step(dict.keys.count)
      var names = Set(arguments.named.map(\.name))
      for (key, value) in zip(dict.keys, dict.values) {
        guard let name = key.text else { throw invalid("** needs a mapping with strings as keys") }
        guard names.insert(name).inserted else { throw invalid("an argument is given twice") }
        arguments.named.append((name, value))
      }
    }
    return arguments
  }

  func apply(
    _ filter: TemplateFilterCall, to value: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    guard let function = filter.function else {
      let isRefused = TemplateFilters.refused.contains(filter.name)
      throw invalid(
        isRefused
          ? "the filter '\(filter.name.string)' is not available in chat templates"
          : "there is no filter '\(filter.name.string)'")
    }
    return try function(self, value, try arguments(filter.arguments))
  }

  func holds(
    _ test: TemplateTestCall, for value: TemplateValue
  ) throws(TemplateFault) -> Bool {
    guard let function = test.function else {
      throw invalid("there is no test '\(test.name.string)'")
    }
    return try function(self, value, try arguments(test.arguments))
  }

  /// What an expression says for itself, with `…` for what comes from values.
  private static func literal(_ expression: TemplateExpression) -> String {
    switch expression.kind {
    case .constant(.string(let text)): text.string
    case .arithmetic(let first, let operations):
      ([first] + operations.map(\.operand)).map(literal).joined()
    case .concatenation(let operands): operands.map(literal).joined()
    default: "…"
    }
  }

  // MARK: Macros

  private func call(
    _ closure: TemplateClosure, _ given: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    try budget.step(TemplateBudget.stepsPerScope)
    let (outer, outerEscapes) = (scope, escapes)
    let inner = TemplateScope(parent: closure.scope)
    scope = inner
    escapes = closure.escapes
    try bind(given, to: closure.macro, in: inner)
    let text = try captured { () throws(TemplateFault) in _ = try run(closure.macro.body) }
    (scope, escapes) = (outer, outerEscapes)
    return captured(text)
  }

  private func bind(
    _ given: TemplateArguments, to macro: TemplateMacro, in scope: TemplateScope
  ) throws(TemplateFault) {
    var named = given.named
    try budget.step((macro.parameters.count * named.count) >> 4)
    for (index, parameter) in macro.parameters.enumerated() {
      if index < given.positional.count {
        scope[parameter.name] = given.positional[index]
      } else if let place = named.firstIndex(where: { $0.name == parameter.text }) {
        scope[parameter.name] = named.remove(at: place).value
      } else if let fallback = parameter.fallback {
        scope[parameter.name] = try evaluate(fallback)
      } else {
        scope[parameter.name] = .undefined(
          TemplateUndefined(reason: .variable, name: Int32(parameter.name.index)))
      }
    }
    if macro.uses.contains(.caller), scope[.caller] == nil {
      let place = named.firstIndex { $0.name == "caller" }
      scope[.caller] =
        place.map { named.remove(at: $0).value }
        ?? .undefined(
          TemplateUndefined(reason: .variable, name: Int32(TemplateName.caller.index)))
    }
    if macro.uses.contains(.kwargs) {
      var members = TemplateDictBuilder()
      for (name, value) in named { members[.string(name)] = value }
      scope[.kwargs] = try dict(members)
    } else if !named.isEmpty {
      throw invalid("the macro has no parameter of that name, or it is given twice")
    }
    let extra = given.positional.dropFirst(macro.parameters.count)
    if macro.uses.contains(.varargs) {
      scope[.varargs] = try list(Array(extra), .tuple)
    } else if !extra.isEmpty {
      throw invalid(
        "the macro takes at most \(macro.parameters.count) arguments, not "
          + "\(given.positional.count)")
    }
  }
}
