// Loops, and what sequences can be walked.

extension TemplateEvaluator {
  func run(_ loop: TemplateLoop) throws(TemplateFault) -> TemplateFlow {
    do throws(TemplateFault) {
      return try run(loop, over: try evaluate(loop.iterable), recursion: 0)
    } catch {
      throw error.at(loop.iterable.position)
    }
  }

  /// What a recursive loop writes for the elements of `iterable`.
  func recurse(
    _ state: TemplateLoopState, over iterable: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    guard state.loop.isRecursive else {
      throw invalid("a loop must be marked 'recursive' to be called")
    }
    let outer = scope
    scope = state.scope
    let text = try captured { () throws(TemplateFault) in
      _ = try run(state.loop, over: iterable, recursion: state.recursion + 1)
    }
    scope = outer
    return captured(text)
  }

  private func run(
    _ loop: TemplateLoop, over iterable: TemplateValue, recursion: Int
  ) throws(TemplateFault) -> TemplateFlow {
    var elements = try elements(of: iterable)
    if let condition = loop.condition {
      elements = try filter(elements, of: loop, by: condition)
    }
    let outer = scope
    let state = TemplateLoopState(loop, elements: elements, recursion: recursion, scope: outer)
    let variable = try add(.loop(state))
    var inner = TemplateScope(parent: outer)
    // As in Jinja, `else` belongs to loops of which no iteration reached its end.
    var isFinished = false
    for (index, element) in elements.enumerated() {
      try budget.step(TemplateBudget.stepsPerScope)
      state.index = index
      // A macro of the last iteration may still need that one's variables.
      scope = outer
      if isKnownUniquelyReferenced(&inner) {
        inner.removeAll()
      } else {
        inner = TemplateScope(parent: outer)
      }
      inner[.loop] = variable
      scope = inner
      try assign(element, to: loop.target)
      let flow = try run(loop.body)
      if flow == .breakLoop { break }
      if flow == .next { isFinished = true }
    }
    scope = outer
    return isFinished ? .next : try run(loop.otherwise)
  }

  private func filter(
    _ elements: [TemplateValue], of loop: TemplateLoop, by condition: TemplateExpression
  ) throws(TemplateFault) -> [TemplateValue] {
    try budget.make(elements: elements.count)
    let outer = scope
    var chosen: [TemplateValue] = []
    for element in elements {
      scope = TemplateScope(parent: outer)
      try assign(element, to: loop.target)
      if try evaluate(condition).isTrue { chosen.append(element) }
    }
    scope = outer
    return chosen
  }

  /// The elements that walking the value gives; a generator is empty afterwards.
  func elements(of value: TemplateValue) throws(TemplateFault) -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .list(let list): return list.elements
    case .dict(let dict): return dict.keys
    case .string(let text), .markup(let text):
      let boundaries = text.boundaries
      try budget.make(elements: 4 * boundaries.count)
      return zip(boundaries, boundaries.dropFirst()).map {
        .string(TemplateText(text.utf8[$0..<$1]))
      }
    case .object(let id):
      if case .generator(let generator) = object(id) {
        let elements = Array(generator.rest)
        try budget.make(elements: elements.count)
        generator.rest = []
        return elements
      }
    case .null, .bool, .int, .float, .global, .method: break
    }
    throw invalid("\(value.type.name) has no elements to walk")
  }

  /// The number of elements or code points.
  func length(of value: TemplateValue) throws(TemplateFault) -> Int {
    switch value {
    case .undefined: return 0
    case .list(let list): return list.elements.count
    case .dict(let dict): return dict.keys.count
    case .string(let text), .markup(let text):
      try budget.scan(text.utf8.count)
      return text.count
    case .object(let id):
      if case .loop(let loop) = object(id) { return loop.elements.count }
    case .null, .bool, .int, .float, .global, .method: break
    }
    throw invalid("\(value.type.name) has no length")
  }
}
