// The functions that a client offers to the model.

import JSON

/// `tools` and what goes with them, checked. Nil members of a request mean no tools.
struct ToolFields: Sendable {
  /// A name has at most so many characters.
  static let nameLength = 128

  /// Whether a call is wanted.
  enum Choice: Sendable, Equatable {
    case auto
    /// At least one call, and nothing else.
    case required
    /// A call of this function.
    case named(String)
  }

  /// As chat templates have them: `{"type":"function","function":{"name","description","parameters"}}`.
  private(set) var functions: [JSONValue] = []
  /// Functions whose schema has to be followed; that of others is where that is possible.
  private(set) var strictNames: Set<String> = []
  var choice = Choice.auto
  private(set) var names: Set<String> = []
  /// Those of `functions` that may be called; nil for all. The model is shown them all.
  var allowedNames: Set<String>?
  /// Whether an answer may have more than one call.
  var allowsSeveral = true

  /// Chat completions' tools; nil where there are none or none may be called.
  static func chat(
    _ fields: inout RequestFields, limits: Server.Limits
  ) throws(APIError) -> ToolFields? {
    var tools = try read(&fields, limits) { tool, tools throws(APIError) in
      try tool.requireFunctionType()
      guard var function = try tool.fields("function") else { throw tool.missing("function") }
      try tools.add(&function, schema: "parameters", limits)
      try function.end()
    }
    tools.allowsSeveral = try fields.bool("parallel_tool_calls") ?? true
    return try tools.chosen(&fields)
  }

  /// The Responses API's tools, which have their members one level higher.
  static func responses(
    _ fields: inout RequestFields, limits: Server.Limits
  ) throws(APIError) -> ToolFields? {
    var tools = try read(&fields, limits) { tool, tools throws(APIError) in
      try tool.requireFunctionType()
      try tools.add(&tool, schema: "parameters", limits)
    }
    tools.allowsSeveral = try fields.bool("parallel_tool_calls") ?? true
    return try tools.chosen(&fields)
  }

  /// Anthropic's tools.
  static func messages(
    _ fields: inout RequestFields, limits: Server.Limits
  ) throws(APIError) -> ToolFields? {
    var tools = try read(&fields, limits) { tool, tools throws(APIError) in
      if let type = try tool.string("type"), type != "custom" {
        throw tool.invalid(
          "type", "unsupported_value",
          "must be 'custom' or absent: tools that a server would run itself are not supported")
      }
      tool.passOver("cache_control")
      try tools.add(&tool, schema: "input_schema", limits)
    }
    guard var choice = try fields.fields("tool_choice") else { return tools.orNil }
    tools.allowsSeveral = try !(choice.bool("disable_parallel_tool_use") ?? false)
    switch try choice.string("type") {
    case "none": return nil
    case "auto": return tools.orNil
    case "any": return try tools.choosing(.required, fields, "tool_choice")
    case "tool":
      guard let name = try choice.string("name") else { throw choice.missing("name") }
      return try tools.choosing(.named(name), choice, "name")
    case nil: throw choice.missing("type")
    default:
      throw choice.invalid("type", "invalid_value", "must be 'auto', 'any', 'tool' or 'none'")
    }
  }

  /// Every element of `tools`, each by `add`.
  private static func read(
    _ fields: inout RequestFields, _ limits: Server.Limits,
    _ add: (inout RequestFields, inout ToolFields) throws(APIError) -> Void
  ) throws(APIError) -> ToolFields {
    var tools = ToolFields()
    let elements = try fields.elements("tools", atMost: limits.toolCount) ?? []
    for (index, element) in elements.enumerated() {
      var tool = try fields.fields("tools", index, element)
      try tool.checkOptionsOfTool()
      try add(&tool, &tools)
      try tool.end()
    }
    return tools
  }

  var orNil: ToolFields? { functions.isEmpty ? nil : self }

  private mutating func add(
    _ fields: inout RequestFields, schema: String, _ limits: Server.Limits
  ) throws(APIError) {
    guard let name = try fields.string("name") else { throw fields.missing("name") }
    guard (1...Self.nameLength).contains(name.utf8.count),
      name.utf8.allSatisfy({ Self.isNameByte($0) })
    else {
      throw fields.invalid(
        "name", "invalid_value", "must be 1 to \(Self.nameLength) of a-z, A-Z, 0-9, _ and -")
    }
    guard names.insert(name).inserted else {
      throw fields.invalid("name", "invalid_value", "is the name of an earlier tool too")
    }
    var function: JSONObject = ["name": .string(name)]
    function["description"] = .string(try fields.string("description") ?? "")
    if try fields.bool("strict") ?? false { strictNames.insert(name) }
    if var parameters = try fields.fields(schema) {
      guard (parameters.value("type") ?? "object") == "object" else {
        throw parameters.invalid("type", "invalid_value", "must be 'object'")
      }
      let object = JSONValue.object(parameters.members)
      try FormatFields.check(fields, schema, object.utf8().count, limits)
      function["parameters"] = object
    } else {
      // OpenAI takes it for an empty list of parameters.
      function["parameters"] = ["type": "object", "properties": [:]]
    }
    functions.append(["type": "function", "function": .object(function)])
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension RequestFields {
  /// Takes what a tool may have in the current APIs, and refuses what would change an answer.
  fileprivate mutating func checkOptionsOfTool() throws(APIError) {
    for name in ["async", "defer_loading"] {
      try refuseUnsupported(name, unless: { $0 == false }, "leave it out")
    }
    try refuseUnsupported(
      "allowed_callers", unless: { $0.arrayValue?.contains("direct") == true },
      "the model alone calls functions; leave it out, or send [\"direct\"]")
    passOver("eager_input_streaming", "input_examples", "output_schema")
  }

  mutating func requireFunctionType() throws(APIError) {
    guard let type = try string("type") else { throw missing("type") }
    guard type == "function" else {
      throw invalid(
        "type", "unsupported_value", "must be 'function': tools of other kinds are not supported")
    }
  }
}
