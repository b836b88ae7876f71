// What an answer must be, from everything in a request that says so: a format, a wanted call,
// functions whose arguments have a schema, and a model that thinks first.

import Constraints
import JSON
import Transformer

extension BackendModel {
  /// The constraint of an answer; nil where it is free.
  ///
  /// - Parameter owner: on whose behalf it is compiled, and found again.
  /// - Throws: where the format, a wanted call, or a function that is strict has a schema that cannot
  ///   be enforced.
  func constraint(
    _ tools: ToolFields?, _ format: AnswerConstraint?, _ reading: OutputReading, owner: String
  ) throws(APIError) -> Constraint? {
    let output = output(tools)
    // Compiled in any case, so that what is wrong with the format is told as its own fault.
    let free = try format.map { format throws(APIError) in
      try compiled(format, owner) {
        ConstraintSource(output.afterThinking(output.words($0), reading))
      }
    }
    guard let tools else { return free?.constraint }
    if tools.choice == .auto, format == nil { return try lazily(tools, reading, owner) }
    return try compiled(tools, owner) { functions in
      let calls = output.callFormat.calls(of: functions, several: tools.allowsSeveral)
      guard tools.choice == .auto, let free else {
        return ConstraintSource(output.afterThinking(calls, reading))
      }
      return ConstraintSource(
        output.afterThinking(.either([calls, output.words(free.part)]), reading))
    }
  }

  /// A completion's constraint.
  func constraint(_ format: AnswerConstraint?, owner: String) throws(APIError) -> Constraint? {
    try format.map { format throws(APIError) in
      try compiled(format, owner) { ConstraintSource($0) }.constraint
    }
  }

  /// Compiles what `make` makes of a format, or of the next of its parts where one cannot be enforced.
  private func compiled(
    _ format: AnswerConstraint, _ owner: String, _ make: (ConstraintPart) -> ConstraintSource
  ) throws(APIError) -> (part: ConstraintPart, constraint: Constraint) {
    var first: ConstraintError?
    for part in format.parts {
      do {
        return (part, try engine.constraint(make(part), owner: owner))
      } catch {
        first = first ?? error
      }
    }
    throw refused(format.field, "\(format.refusal): \(first?.description ?? "").")
  }

  /// Words may stand there, and calls as soon as their mark has come. Where calls have none, or the
  /// mark may be thought of before, nothing is held to, unless a function is strict: then all of the
  /// answer is.
  private func lazily(
    _ tools: ToolFields, _ reading: OutputReading, _ owner: String
  ) throws(APIError) -> Constraint? {
    let output = output(tools)
    guard let opening = output.markOfCalls(reading) else {
      guard tools.callable.contains(where: { tools.strictNames.contains($0.name) }) else {
        return nil
      }
      return try compiled(tools, owner) { functions in
        let calls = output.callFormat.calls(of: functions, several: tools.allowsSeveral)
        return ConstraintSource(output.afterThinking(output.wordsOr(calls, reading), reading))
      }
    }
    do {
      return try compiled(tools, owner) { functions in
        ConstraintSource(
          output.callFormat.calls(of: functions, several: tools.allowsSeveral), beginning: opening,
          triggers: [opening])
      }
    } catch {
      // A client that did not ask for strictness gets what the model makes of it.
      guard tools.strictNames.isEmpty else { throw error }
      return nil
    }
  }

  /// What finding the functions that cannot be enforced may take, in times of what compiling the
  /// schemas of one request may take.
  private static let mostEffort = 4.0

  /// Compiles what `make` makes of the functions that may be called. Schemas of those that are not
  /// strict lose what cannot be enforced of them, keyword by keyword, or are replaced by any object.
  private func compiled(
    _ tools: ToolFields, _ owner: String, _ make: ([CallableFunction]) -> ConstraintSource
  ) throws(APIError) -> Constraint {
    let functions = tools.callable
    do { return try engine.constraint(make(functions), owner: owner) } catch {}
    var loosened: [CallableFunction] = []
    // What finding out takes, and what those take together that are kept: they have one budget.
    var (effort, kept) = (0.0, 0.0)
    for function in functions {
      do throws(ConstraintError) {
        guard effort < Self.mostEffort else {
          throw ConstraintError(.tooComplex, "the schemas of all functions are too complex")
        }
        let source = ConstraintSource(function.arguments)
        let taken = try engine.constraint(source, owner: owner).schemaEffort
        effort += taken
        guard kept + taken <= 1 || tools.strictNames.contains(function.name) else {
          throw ConstraintError(.tooComplex, "the schemas of all functions are too complex")
        }
        kept += taken
        loosened.append(function)
      } catch {
        effort += error.schemaEffort
        guard !tools.strictNames.contains(function.name) else {
          throw refused(
            "tools",
            "The schema of the strict function '\(function.name)' can't be enforced: \(error).")
        }
        loosened.append(CallableFunction(name: function.name, parameters: ["type": "object"]))
      }
    }
    do {
      return try engine.constraint(make(loosened), owner: owner)
    } catch {
      throw refused("tools", "'tools' can't be enforced: \(error).")
    }
  }

  private func refused(_ param: String, _ message: String) -> APIError {
    .invalid(param, "invalid_constraint", message)
  }
}

extension ModelOutput {
  /// Words of the answer, as the model's format has them.
  fileprivate func words(_ part: ConstraintPart) -> ConstraintPart {
    toolFormat == .channels
      ? .sequence([.text("<|channel|>final<|message|>"), part]) : part
  }

  /// Calls, or words in which nothing will be taken for one.
  fileprivate func wordsOr(
    _ calls: ConstraintPart, _ reading: OutputReading
  ) -> ConstraintPart {
    // A header that is told to a function ends with this.
    if reading.readsChannels { return .either([calls, words(.without("<|message|>"))]) }
    guard let opening = callFormat.opening else {
      let prefix = callFormat.prefix.map { [$0] } ?? []
      return .either([calls, .unlike(["{", "[", reading.tags.opening] + prefix)])
    }
    let wordsAndCalls: [ConstraintPart] = [.without(opening), .either([.text(""), calls])]
    guard callFormat == .functionaryRecipients else { return .sequence(wordsAndCalls) }
    // The mark of calls stands before words too.
    return .sequence([.either([.text(""), .text(opening + "all\n")])] + wordsAndCalls)
  }

  /// What may come behind reasoning, or without it where the prompt has not begun it.
  fileprivate func afterThinking(_ part: ConstraintPart, _ reading: OutputReading) -> ConstraintPart
  {
    if reading.readsChannels {
      let thoughts = ConstraintPart.sequence([
        .text("<|channel|>analysis<|message|>"), .until("<|end|>"), .text("<|start|>assistant"),
      ])
      return .sequence([.either([.text(""), thoughts]), part])
    }
    guard let tags = reasoningTags ?? (reading.startsInReasoning ? reading.tags : nil) else {
      return part
    }
    let behind: [ConstraintPart] = [.until(tags.closing), .space(most: 2), part]
    if reading.startsInReasoning { return .sequence(behind) }
    return .either([.sequence([.text(tags.opening)] + behind), part])
  }
}

extension ToolFields {
  /// The functions that may be called. Where a model calls another one, its call stays text.
  var callable: [CallableFunction] {
    if case .named(let wanted) = choice { return described.filter { $0.name == wanted } }
    guard let allowedNames else { return described }
    return described.filter { allowedNames.contains($0.name) }
  }

  /// Keywords that say themselves which properties there may be beside those of `properties`.
  private static let openings = [
    "$dynamicRef", "$ref", "additionalProperties", "allOf", "anyOf", "dependentSchemas", "if",
    "oneOf", "patternProperties", "unevaluatedProperties",
  ]

  /// All functions, with schemas of objects. Where one lists its properties they are the function's
  /// parameters, and there are no others, though JSON Schema alone would allow them.
  private var described: [CallableFunction] {
    functions.compactMap { function -> CallableFunction? in
      guard let name = function["function"]?["name"]?.stringValue else { return nil }
      var schema = function["function"]?["parameters"]?.objectValue ?? [:]
      if schema["type"] == nil { schema["type"] = "object" }
      if schema["properties"] != nil, !Self.openings.contains(where: { schema[$0] != nil }) {
        schema["additionalProperties"] = false
      }
      return CallableFunction(
        name: name, parameters: .object(schema), isStrict: strictNames.contains(name))
    }
  }
}
