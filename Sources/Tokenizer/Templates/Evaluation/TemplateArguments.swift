// The values given to a function, filter, test, method or macro.

/// A filter or method: the value before the bar or dot, and the arguments.
typealias TemplateFunction =
  @Sendable (TemplateEvaluator, TemplateValue, TemplateArguments) throws(TemplateFault) ->
  TemplateValue

/// A test: the value before `is`, and the arguments.
typealias TemplateTest =
  @Sendable (TemplateEvaluator, TemplateValue, TemplateArguments) throws(TemplateFault) -> Bool

struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named: [(name: TemplateText, value: TemplateValue)] = []

  /// The arguments in the order of `parameters`, nil for those not given; the first `required` of
  /// them are there.
  func bind(
    _ parameters: [TemplateText], required: Int = 0
  ) throws(TemplateFault) -> [TemplateValue?] {
    guard positional.count <= parameters.count else {
      throw TemplateFault(
        .invalidOperation,
        "at most \(parameters.count) arguments are taken, not \(positional.count)")
    }
    var values: [TemplateValue?] = positional
    values += repeatElement(nil, count: parameters.count - positional.count)
    for (name, value) in named {
      guard let place = parameters.firstIndex(of: name), values[place] == nil else {
        let known = parameters.map { "'\($0.string)'" }.joined(separator: ", ")
        throw TemplateFault(
          .invalidOperation,
          "an argument's name is unknown or given twice; known are: \(known.isEmpty ? "none" : known)"
        )
      }
      values[place] = value
    }
    for place in 0..<required where values[place] == nil {
      throw TemplateFault(
        .invalidOperation, "the argument '\(parameters[place].string)' is missing")
    }
    return values
  }
}

extension TemplateEvaluator {
  /// The integer that an argument must be; `fallback` where it is not given.
  func integer(_ value: TemplateValue?, or fallback: Int) throws(TemplateFault) -> Int {
    guard let value else { return fallback }
    guard let integer = value.integer else {
      throw invalid("an argument must be an integer, not \(value.type.name)")
    }
    return integer
  }

  /// The string that an argument must be.
  func string(_ value: TemplateValue) throws(TemplateFault) -> TemplateText {
    if case .undefined(let undefined) = value { throw fault(undefined) }
    guard let text = value.text else {
      throw invalid("an argument must be a string, not \(value.type.name)")
    }
    return text
  }

  /// As above; `fallback` where it is not given.
  func string(
    _ value: TemplateValue?, or fallback: TemplateText
  ) throws(TemplateFault) -> TemplateText {
    guard let value else { return fallback }
    return try string(value)
  }
}
