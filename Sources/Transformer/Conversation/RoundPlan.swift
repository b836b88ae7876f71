// What an answer of a round may be: words, calls, or a value.

import Constraints

struct RoundPlan {
  /// What the answer is made to begin with: the opening of a call that must come.
  let opening: String
  /// Functions whose calls are looked for; nil for none.
  let functions: [CallableFunction]?
  /// Whether the answer follows a constraint from its beginning to its end.
  let isConstrained: Bool

  /// What a constraint holds that is not the caller's own.
  private enum Source {
    /// The answer from its beginning, or from the end of its reasoning.
    case whole(ConstraintSource)
    /// Calls, behind their mark if one comes.
    case calls(ConstraintPart, ModelOutput)
  }

  private let source: Source?
  /// What ends reasoning.
  private let closing: String
  private let fixed: Constraint?

  /// - Parameters:
  ///   - tools: those that may be called; nil for none.
  ///   - isFirst: no call was made yet.
  ///   - schema: the type that an answer that is no call must have.
  init(
    _ output: ModelOutput, tools: ToolSet?, _ options: GenerationOptions, isFirst: Bool,
    schema: GenerationSchema?
  ) throws(ConversationError) {
    closing = (output.reasoningTags ?? .think).closing
    guard let tools, options.toolChoice != .none else {
      opening = ""
      functions = nil
      // One that waits for its trigger does not hold the answer.
      isConstrained = options.constraint?.triggers.isEmpty == true
      source = nil
      fixed = options.constraint
      return
    }
    guard schema != nil || options.constraint == nil else { throw .constraintWithTools }
    let format = output.callFormat
    functions = tools.callable()
    fixed = nil
    var name: String?
    if case .named(let wanted) = options.toolChoice { name = wanted }
    let isForced = isFirst && options.toolChoice.isForced
    let calls = format.calls(of: tools.callable(named: isForced ? name : nil), several: false)
    opening = isForced ? format.beginning : ""
    isConstrained = isForced || schema != nil
    if let schema, !isForced {
      // A call or a value, from the beginning.
      source = .whole(
        ConstraintSource(
          .either([calls, .schema(schema.json)]), options: GenerationSchema.options))
    } else if isForced {
      source = .whole(
        ConstraintSource(calls, options: GenerationSchema.options, beginning: format.beginning))
    } else {
      source = .calls(calls, output)
    }
  }

  /// What the answer is held to; nil for nothing.
  ///
  /// - Parameter compile: compiles a source, or finds it compiled.
  func constraint(
    _ reading: OutputReading, compile: (ConstraintSource) throws(ConstraintError) -> Constraint
  ) throws(ConstraintError) -> Constraint? {
    let waits = reading.startsInReasoning && isConstrained
    switch source {
    case nil: return waits ? fixed?.after([closing]) : fixed
    case .whole(var source):
      // Compiled with its trigger, so that it is found again with what is known of it.
      if waits { source.triggers = [closing] }
      return try compile(source)
    case .calls(let calls, let output):
      guard let mark = output.markOfCalls(reading) else { return nil }
      return try compile(
        ConstraintSource(
          calls, options: GenerationSchema.options, beginning: mark, triggers: [mark]))
    }
  }
}
