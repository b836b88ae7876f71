// Which methods values have, by name.

/// The methods of one name: what it means depends on the value in front of the dot.
struct TemplateMethods: Sendable {
  private let ofString: TemplateFunction?
  private let ofMapping: TemplateFunction?
  private let ofSequence: TemplateFunction?
  private let ofLoop: TemplateFunction?
  private let ofCycler: TemplateFunction?
  private let ofNumber: TemplateFunction?

  init(named name: TemplateText) {
    ofString = Self.string[name]
    ofMapping = Self.mapping[name]
    ofSequence = Self.sequence[name]
    ofLoop = Self.loop[name]
    ofCycler = Self.cycler[name]
    ofNumber = Self.number[name]
  }

  func function(for type: TemplateType) -> TemplateFunction? {
    switch type {
    case .string: ofString
    case .mapping: ofMapping
    case .list, .tuple, .range: ofSequence
    case .loop: ofLoop
    case .cycler: ofCycler
    case .boolean, .integer, .float: ofNumber
    default: nil
    }
  }

  /// Whether Python has a method of that name that would change the value.
  static func isUnsafe(_ name: TemplateText, of type: TemplateType) -> Bool {
    switch type {
    case .list:
      ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"].contains(name)
    case .mapping: ["clear", "pop", "popitem", "setdefault", "update"].contains(name)
    default: false
    }
  }

  // MARK: Mappings

  private static let mapping: [TemplateText: TemplateFunction] = [
    "get": { (evaluator, value, arguments) throws(TemplateFault) in
      let given = try arguments.bind(["key", "default"], required: 1)
      guard case .dict(let dict) = value else { return .null }
      return dict[try evaluator.hashable(given[0]!)] ?? given[1] ?? .null
    },
    "keys": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return try evaluator.list(try evaluator.elements(of: value), .keys)
    },
    "values": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      guard case .dict(let dict) = value else { return .null }
      return try evaluator.list(dict.values, .values)
    },
    "items": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return try evaluator.list(try evaluator.items(of: value), .items)
    },
    "copy": { (_, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return value
    },
    "fromkeys": { (evaluator, _, arguments) throws(TemplateFault) in
      let given = try arguments.bind(["iterable", "value"], required: 1)
      var members = TemplateDictBuilder()
      for key in try evaluator.elements(of: given[0]!) {
        try evaluator.budget.step(1 + members.keys.count / 8)
        members[try evaluator.hashable(key)] = given[1] ?? .null
      }
      return try evaluator.dict(members)
    },
  ]

  // MARK: Sequences

  private static let sequence: [TemplateText: TemplateFunction] = [
    "count": { (evaluator, value, arguments) throws(TemplateFault) in
      let item = try arguments.bind(["value"], required: 1)[0]!
      var count = 0
      for element in try evaluator.elements(of: value)
      where try evaluator.isEqual(element, item) {
        count += 1
      }
      return .int(count)
    },
    "index": { (evaluator, value, arguments) throws(TemplateFault) in
      let given = try arguments.bind(["value", "start"], required: 1)
      let start = max(0, try evaluator.integer(given[1], or: 0))
      for (index, element) in try evaluator.elements(of: value).enumerated().dropFirst(start)
      where try evaluator.isEqual(element, given[0]!) {
        return .int(index)
      }
      throw evaluator.invalid("the value is not in the sequence")
    },
    "copy": { (_, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      return value
    },
  ]

  // MARK: Loops and cyclers

  private static let loop: [TemplateText: TemplateFunction] = [
    "cycle": { (evaluator, value, arguments) throws(TemplateFault) in
      guard case .object(let id) = value, case .loop(let loop) = evaluator.object(id),
        !arguments.positional.isEmpty
      else { throw evaluator.invalid("'cycle' needs an item") }
      return arguments.positional[loop.index % arguments.positional.count]
    },
    "changed": { (evaluator, value, arguments) throws(TemplateFault) in
      guard case .object(let id) = value, case .loop(let loop) = evaluator.object(id) else {
        return .bool(true)
      }
      let new = arguments.positional
      if let last = loop.lastChanged,
        try evaluator.isEqual(try evaluator.list(last), try evaluator.list(new))
      {
        return .bool(false)
      }
      loop.lastChanged = new
      return .bool(true)
    },
  ]

  private static let cycler: [TemplateText: TemplateFunction] = [
    "next": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      guard case .object(let id) = value, case .cycler(let cycler) = evaluator.object(id) else {
        return .null
      }
      defer { cycler.index = (cycler.index + 1) % cycler.items.count }
      return cycler.items[cycler.index]
    },
    "reset": { (evaluator, value, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      if case .object(let id) = value, case .cycler(let cycler) = evaluator.object(id) {
        cycler.index = 0
      }
      return .null
    },
  ]
}

extension TemplateEvaluator {
  /// The pairs of a mapping's keys and values.
  func items(of value: TemplateValue) throws(TemplateFault) -> [TemplateValue] {
    guard case .dict(let dict) = value else {
      throw invalid("only a mapping has pairs of keys and values, not \(value.type.name)")
    }
    var items: [TemplateValue] = []
    items.reserveCapacity(dict.keys.count)
    for (key, value) in zip(dict.keys, dict.values) {
      items.append(try list([key, value], .tuple))
    }
    return items
  }
}
