// What an answer of a round may be: words, calls, or a value.

import Constraints

struct RoundPlan {
  /// What the answer is made to begin with: the opening of a call that must come.
  let opening: String
  /// Functions whose calls are looked for; nil for none.
  let functions: [CallableFunction]?
  /// Whether the answer follows a constraint from its beginning to its end.
  let isConstrained: Bool

  private let frames: [Constraint.Frame]
  private let trigger: String?
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
      isConstrained = options.constraint != nil
      frames = []
      trigger = nil
      fixed = options.constraint
      return
    }
    guard schema != nil || options.constraint == nil else { throw .constraintWithTools }
    let spelling = CallSpelling(output.showsTools ? output.toolFormat : .generic)
    functions = tools.callable
    var name: String?
    if case .named(let wanted) = options.toolChoice {
      guard tools.names.contains(wanted) else { throw .unknownTool(wanted) }
      name = wanted
    }
    fixed = nil
    if isFirst, options.toolChoice != .automatic {
      opening = spelling.opening
      frames = tools.frames(spelling, name: name)
      trigger = nil
      isConstrained = true
      return
    }
    opening = ""
    let calls = tools.frames(spelling, name: nil)
    if let schema {
      // A call or a value, from the beginning.
      frames =
        calls.map {
          Constraint.Frame(
            before: spelling.opening + $0.before, schema: $0.schema, after: $0.after)
        } + [Constraint.Frame(schema: schema.json)]
      trigger = nil
      isConstrained = true
    } else {
      frames = calls
      trigger = spelling.opening
      isConstrained = false
    }
  }

  /// What the answer is held to; nil for nothing.
  func constraint(startsInReasoning: Bool) throws(ConstraintError) -> Constraint? {
    guard fixed != nil || !frames.isEmpty else { return nil }
    let constraint =
      if let fixed { fixed } else {
        try Constraint.framed(frames, options: GenerationSchema.options)
      }
    if let trigger { return constraint.after([trigger]) }
    return startsInReasoning ? constraint.after([closing]) : constraint
  }
}
