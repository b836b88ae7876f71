// Attributes, elements and slices. As in Jinja, `a.b` looks for a method before a key, and `a['b']`
// for a key before a method.

extension TemplateEvaluator {
  /// The method behind a dot, if the value has one of that name that templates may call.
  func method(_ member: TemplateMember, of value: TemplateValue) -> TemplateFunction? {
    member.methods.function(for: value.type)
  }

  func attribute(
    _ member: TemplateMember, of value: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    if let method = method(member, of: value) {
      return .method(TemplateBoundMethod(receiver: value, function: method))
    }
    if TemplateMethods.isUnsafe(member.name, of: value.type) {
      return undefined(.unsafe, of: value, named: member.index)
    }
    switch value {
    case .undefined(let undefined): throw fault(undefined)
    case .dict(let dict):
      return dict[member.name] ?? undefined(.attribute, of: value, named: member.index)
    default:
      return try property(member.name, of: value)
        ?? undefined(.attribute, of: value, named: member.index)
    }
  }

  /// The value that `key` in brackets stands for.
  func element(
    _ key: TemplateValue, of value: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    switch value {
    case .undefined(let undefined): throw fault(undefined)
    case .dict(let dict):
      if key.isHashable, let found = dict[key] { return found }
    case .list(let list) where list.isIndexed:
      if let index = key.integer { return list[index] ?? undefined(.element, of: value) }
    case .string(let text), .markup(let text):
      if let index = key.integer {
        try budget.scan(text.utf8.count)
        let count = text.count
        let place = index < 0 ? index + count : index
        guard (0..<count).contains(place) else { return undefined(.element, of: value) }
        let start = text.offset(ofScalar: place)
        let length = TemplateText.scalar(in: text.utf8[...], at: start).length
        return value.keepingSafety(of: .string(TemplateText(text.utf8[start..<(start + length)])))
      }
    default: break
    }
    guard let name = key.text else { return undefined(.element, of: value) }
    let methods = TemplateMethods(named: name)
    if let method = methods.function(for: value.type) {
      return .method(TemplateBoundMethod(receiver: value, function: method))
    }
    if TemplateMethods.isUnsafe(name, of: value.type) { return undefined(.unsafe, of: value) }
    return try property(name, of: value) ?? undefined(.element, of: value)
  }

  /// What an object shows under a name.
  private func property(
    _ name: TemplateText, of value: TemplateValue
  ) throws(TemplateFault) -> TemplateValue? {
    switch value {
    case .list(let list) where list.kind == .group:
      return name == "grouper" ? list[0] : name == "list" ? list[1] : nil
    case .object(let id):
      switch object(id) {
      case .namespace(let namespace): return namespace.members[.string(name)]
      case .loop(let loop): return property(name, of: loop)
      case .cycler(let cycler): return name == "current" ? cycler.items[cycler.index] : nil
      case .macro(let closure): return try property(name, of: closure.macro)
      case .generator, .joiner: return nil
      }
    case .bool, .int, .float: return value.numberProperty(name)
    default: return nil
    }
  }

  private func property(
    _ name: TemplateText, of macro: TemplateMacro
  ) throws(TemplateFault) -> TemplateValue? {
    switch name.string {
    case "name": macro.name.map { .string(self.name($0)) } ?? .null
    case "arguments": try list(macro.parameters.map { .string($0.text) }, .tuple)
    case "catch_kwargs": .bool(macro.uses.contains(.kwargs))
    case "catch_varargs": .bool(macro.uses.contains(.varargs))
    case "caller": .bool(macro.uses.contains(.caller))
    default: nil
    }
  }

  private func property(_ name: TemplateText, of loop: TemplateLoopState) -> TemplateValue? {
    let count = loop.elements.count
    let index = loop.index
    return switch name.string {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(count - index)
    case "revindex0": .int(count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == count - 1)
    case "length": .int(count)
    case "depth": .int(loop.recursion + 1)
    case "depth0": .int(loop.recursion)
    case "previtem": index > 0 ? loop.elements[index - 1] : .undefined(.empty)
    case "nextitem": index + 1 < count ? loop.elements[index + 1] : .undefined(.empty)
    default: nil
    }
  }

  private func undefined(
    _ reason: TemplateUndefined.Reason, of value: TemplateValue, named name: TemplateName? = nil
  ) -> TemplateValue {
    .undefined(
      TemplateUndefined(
        reason: reason, owner: value.type, name: name.map { Int32($0.index) } ?? -1))
  }

  // MARK: Slices

  func slice(
    _ value: TemplateValue, _ slice: TemplateSlice
  ) throws(TemplateFault) -> TemplateValue {
    let start = try bound(slice.start)
    let stop = try bound(slice.stop)
    let step = try bound(slice.step) ?? 1
    guard step != 0 else { throw invalid("the step of a slice must not be 0") }
    switch value {
    case .undefined(let undefined): throw fault(undefined)
    case .list(let list) where list.isIndexed:
      let places = Self.places(list.elements.count, start, stop, step)
      let kind = list.kind == .list || list.kind == .range ? list.kind : .tuple
      let range = list.range.map { range in
        let bounds = Self.bounds(list.elements.count, start, stop, step)
        return TemplateRange(
          start: range.start &+ bounds.first &* range.step,
          stop: range.start &+ bounds.end &* range.step, step: range.step &* step)
      }
      return try self.list(places.map { list.elements[$0] }, kind, range: range)
    case .string(let text):
      return .string(try self.slice(text, start, stop, step))
    case .markup(let text):
      return .markup(try self.slice(text, start, stop, step))
    default:
      throw invalid("\(value.type.name) cannot be sliced")
    }
  }

  private func bound(_ expression: TemplateExpression?) throws(TemplateFault) -> Int? {
    guard let expression else { return nil }
    let value = try evaluate(expression)
    if case .null = value { return nil }
    guard let index = value.integer else {
      throw invalid("the bounds of a slice must be integers or none, not \(value.type.name)")
    }
    return index
  }

  private func slice(
    _ text: TemplateText, _ start: Int?, _ stop: Int?, _ step: Int
  ) throws(TemplateFault) -> TemplateText {
    try budget.make(text.utf8.count)
    if text.isASCII {
      let places = Self.places(text.utf8.count, start, stop, step)
      return TemplateText(utf8: places.map { text.utf8[$0] })
    }
    let boundaries = text.boundaries
    try budget.make(8 * boundaries.count)
    let places = Self.places(boundaries.count - 1, start, stop, step)
    return TemplateText(utf8: places.flatMap { text.utf8[boundaries[$0]..<boundaries[$0 + 1]] })
  }

  /// The places that Python's `[start:stop:step]` takes from a sequence of `count`.
  private static func places(
    _ count: Int, _ start: Int?, _ stop: Int?, _ step: Int
  ) -> StrideTo<Int> {
    let (first, end) = bounds(count, start, stop, step)
    // A longer step takes the same places, and cannot overflow.
    return stride(from: first, to: end, by: min(max(step, -count - 1), count + 1))
  }

  /// The first place, and the one before which the last lies.
  private static func bounds(
    _ count: Int, _ start: Int?, _ stop: Int?, _ step: Int
  ) -> (first: Int, end: Int) {
    let lowest = step > 0 ? 0 : -1
    let highest = step > 0 ? count : count - 1
    func place(_ bound: Int?, _ fallback: Int) -> Int {
      guard let bound else { return fallback }
      // Adding to a negative number cannot overflow.
      return min(max(bound < 0 ? bound + count : bound, lowest), highest)
    }
    return (place(start, step > 0 ? lowest : highest), place(stop, step > 0 ? highest : lowest))
  }
}
