// One rendering of a template: its variables, its output and what is left of its budget.

import JSON

/// Walks a template's syntax tree once. The parts: statements, loops, macros, expressions, calls,
/// members, arithmetic, comparison.
final class TemplateEvaluator {
  let budget: TemplateBudget
  let clock: TemplateClock
  let program: TemplateProgram
  /// The text so far, of the template or of the macro or block that is being captured.
  var output: [UInt8] = []
  /// Whether what is written is escaped, unless it is safe: inside `autoescape`.
  var escapes = false
  /// The innermost scope; nil outside all loops, macros and blocks.
  var scope: TemplateScope?
  /// Variables outside all scopes, by name.
  private var variables: [TemplateValue?]
  /// What can change, by number. Values refer to it by number only, so nothing keeps itself alive.
  private var objects: [TemplateObject] = []
  private var depth = 0

  init(program: TemplateProgram, now clock: TemplateClock, limits: TemplateLimits) {
    self.program = program
    self.clock = clock
    budget = TemplateBudget(limits)
    variables = Array(repeating: nil, count: program.names.count)
  }

  /// The template's text.
  func render(_ context: JSONObject) throws(TemplateFault) -> String {
    for (name, global) in TemplateGlobal.all {
      if let name = program.indices[name] { variables[name.index] = .global(global) }
    }
    for (key, json) in context {
      guard let name = program.indices[TemplateText(key)] else { continue }
      variables[name.index] = try value(of: json)
    }
    _ = try run(program.statements)
    return String(decoding: output, as: UTF8.self)
  }

  // MARK: Variables

  func name(_ name: TemplateName) -> TemplateText { program.names[name.index] }

  func lookUp(_ name: TemplateName) -> TemplateValue {
    var place = scope
    while let scope = place {
      if let value = scope[name] { return value }
      place = scope.parent
    }
    return variables[name.index]
      ?? .undefined(TemplateUndefined(reason: .variable, name: Int32(name.index)))
  }

  func assign(_ value: TemplateValue, to name: TemplateName) {
    if let scope { scope[name] = value } else { variables[name.index] = value }
  }

  func assign(_ value: TemplateValue, to target: TemplateTarget) throws(TemplateFault) {
    switch target {
    case .name(let name): assign(value, to: name)
    case .namespace(let name, let attribute, let position):
      guard case .object(let id) = lookUp(name), case .namespace(let namespace) = object(id) else {
        throw invalid("only a namespace's attributes can be set").at(position)
      }
      namespace.members[.string(attribute)] = value
    case .tuple(let targets, let position):
      let values: [TemplateValue]
      do throws(TemplateFault) { values = try elements(of: value) } catch {
        throw error.at(position)
      }
      guard values.count == targets.count else {
        throw invalid("expected \(targets.count) values to unpack, found \(values.count)")
          .at(position)
      }
      for (value, target) in zip(values, targets) { try assign(value, to: target) }
    }
  }

  // MARK: Objects

  func object(_ id: TemplateObjectID) -> TemplateObject { objects[Int(id.index)] }

  func add(_ object: TemplateObject) throws(TemplateFault) -> TemplateValue {
    try budget.make(128)
    objects.append(object)
    return .object(TemplateObjectID(kind: object.kind, index: Int32(objects.count - 1)))
  }

  // MARK: New values

  func list(
    _ elements: [TemplateValue], _ kind: TemplateList.Kind = .list, range: TemplateRange? = nil
  ) throws(TemplateFault) -> TemplateValue {
    try budget.make(elements: elements.count)
    let list = TemplateList(elements, kind: kind, range: range)
    try checkDepth(list.depth)
    return .list(list)
  }

  func dict(_ builder: TemplateDictBuilder) throws(TemplateFault) -> TemplateValue {
    try budget.make(elements: builder.keys.count * 3)
    let dict = builder.dict
    try checkDepth(dict.depth)
    return .dict(dict)
  }

  private func checkDepth(_ depth: Int) throws(TemplateFault) {
    if depth > TemplateBudget.valueDepth {
      throw TemplateFault(
        .tooDeep, "a value is nested deeper than \(TemplateBudget.valueDepth) levels")
    }
  }

  /// Text that a macro or block wrote: safe where output is escaped.
  func captured(_ text: TemplateText) -> TemplateValue {
    escapes ? .markup(text) : .string(text)
  }

  /// A string of text that is no longer than what it was made of.
  func string(_ text: TemplateText) throws(TemplateFault) -> TemplateValue {
    try budget.make(text.utf8.count)
    return .string(text)
  }

  /// A sequence that can be walked once, as Python's generators are.
  func generator(_ elements: [TemplateValue]) throws(TemplateFault) -> TemplateValue {
    try budget.make(elements: elements.count)
    return try add(.generator(TemplateGenerator(elements[...])))
  }

  // MARK: Faults

  func invalid(_ message: String) -> TemplateFault { TemplateFault(.invalidOperation, message) }

  /// The error for an operation on a value that does not exist.
  func fault(_ undefined: TemplateUndefined) -> TemplateFault {
    let index = Int(undefined.name)
    let name = index < 0 ? "of that name" : "'\(program.names[index].string)'"
    let message =
      switch undefined.reason {
      case .variable: "\(name) is undefined"
      case .attribute: "\(undefined.owner.name) has no attribute \(name)"
      case .element: "\(undefined.owner.name) has no such element"
      case .unsafe: "\(undefined.owner.name) cannot be changed, as \(name) would"
      case .empty: "there is no such item, the sequence is empty"
      }
    return TemplateFault(.undefined, message)
  }

  /// Goes one level deeper into the tree; `leave` goes back.
  func enter() throws(TemplateFault) {
    depth += 1
    if depth > TemplateBudget.evaluationDepth {
      throw TemplateFault(
        .tooDeep,
        "calls, blocks and expressions nested deeper than \(TemplateBudget.evaluationDepth) levels")
    }
  }

  func leave() { depth -= 1 }
}
