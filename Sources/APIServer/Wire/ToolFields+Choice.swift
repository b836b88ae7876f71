// Which of the offered functions may be called, and whether one must: `tool_choice` of OpenAI's APIs.

import JSON

extension ToolFields {
  /// What `tool_choice` makes of the tools; nil where there are none or none may be called.
  func chosen(_ fields: inout RequestFields) throws(APIError) -> ToolFields? {
    switch fields.value("tool_choice") {
    case nil, "auto": return orNil
    case "none": return nil
    case "required": return try choosing(.required, fields, "tool_choice")
    case .object:
      guard var choice = try fields.fields("tool_choice") else { return orNil }
      switch try choice.string("type") {
      case "function": return try named(&choice)
      case "allowed_tools": return try allowed(&choice)
      case nil: throw choice.missing("type")
      default:
        throw choice.invalid(
          "type", "unsupported_value", "must be 'function' or 'allowed_tools'")
      }
    case .some(.string):
      throw fields.invalid(
        "tool_choice", "invalid_value",
        "must be 'auto', 'required', 'none', a function or allowed tools")
    case .some(let other): throw fields.mistyped("tool_choice", "a string or an object", other)
    }
  }

  /// The tools with a choice that they allow.
  func choosing(
    _ choice: Choice, _ fields: RequestFields, _ field: String
  ) throws(APIError) -> ToolFields {
    guard !functions.isEmpty else {
      throw fields.invalid(field, "invalid_value", "needs 'tools' to choose from")
    }
    if case .named(let name) = choice, !names.contains(name) {
      throw fields.invalid(field, "invalid_value", "is the name of no tool")
    }
    var tools = self
    tools.choice = choice
    return tools
  }

  /// The choice as the Responses API tells it.
  var choiceJSON: JSONValue {
    let mode: JSONValue
    switch choice {
    case .auto: mode = "auto"
    case .required: mode = "required"
    case .named(let name): return ["type": "function", "name": .string(name)]
    }
    guard let allowedNames else { return mode }
    let allowed = functions.compactMap { $0["function"]?["name"]?.stringValue }
      .filter { allowedNames.contains($0) }
      .map { JSONValue.object(["type": "function", "name": .string($0)]) }
    return ["type": "allowed_tools", "mode": mode, "tools": .array(allowed)]
  }

  /// One function has to be called.
  private func named(_ choice: inout RequestFields) throws(APIError) -> ToolFields {
    let (name, holder, field) = try Self.functionName(&choice)
    return try choosing(.named(name), holder, field)
  }

  /// Some functions may be called, or one of them has to be.
  private func allowed(_ choice: inout RequestFields) throws(APIError) -> ToolFields {
    // Chats have them within a member, responses beside the type.
    var holder = try choice.fields("allowed_tools") ?? choice
    guard let mode = try holder.string("mode") else { throw holder.missing("mode") }
    guard mode == "auto" || mode == "required" else {
      throw holder.invalid("mode", "invalid_value", "must be 'auto' or 'required'")
    }
    guard let elements = try holder.elements("tools", atMost: functions.count) else {
      throw holder.missing("tools")
    }
    guard !elements.isEmpty else {
      throw holder.invalid("tools", "empty_array", "must have at least one tool")
    }
    var allowed: Set<String> = []
    for (index, element) in elements.enumerated() {
      var tool = try holder.fields("tools", index, element)
      try tool.requireFunctionType()
      let (name, holder, field) = try Self.functionName(&tool)
      guard names.contains(name) else {
        throw holder.invalid(field, "invalid_value", "is the name of no tool")
      }
      allowed.insert(name)
    }
    var tools = try choosing(mode == "required" ? .required : .auto, choice, "type")
    tools.allowedNames = allowed
    return tools
  }

  /// The name of a function, and where it stands: chats have it within a member, responses beside the
  /// type.
  private static func functionName(
    _ fields: inout RequestFields
  ) throws(APIError) -> (name: String, holder: RequestFields, field: String) {
    if var function = try fields.fields("function") {
      guard let name = try function.string("name") else { throw function.missing("name") }
      return (name, function, "name")
    }
    guard let name = try fields.string("name") else { throw fields.missing("function") }
    return (name, fields, "name")
  }
}
