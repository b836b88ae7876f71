// Functions of the program that the model may call.

import JSON

/// A function that the model may call: a name, what it is for, and a closure. The closure's argument
/// tells the model, by its schema, what to send; what it returns goes back to the model, texts as
/// they are and other values in JSON.
///
/// ```swift
/// struct Place: Generable { var city: String }
/// let weather = Tool("weather", "The weather of a city now.") { (place: Place) in
///   try await forecast(of: place.city)
/// }
/// ```
public struct Tool: Sendable {
  public let name: String
  public let description: String
  let schema: @Sendable () throws -> GenerationSchema
  let call: @Sendable (_ arguments: String) async throws -> String

  /// - Parameters:
  ///   - name: 1 to 64 of a-z, A-Z, 0-9, _ and -.
  ///   - description: tells the model what the function is for.
  ///   - call: may be called several times at once.
  public init<Arguments: Generable, Output: Encodable & Sendable>(
    _ name: String, _ description: String,
    call: @escaping @Sendable (Arguments) async throws -> Output
  ) {
    precondition(
      (1...64).contains(name.utf8.count)
        && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") },
      "a tool's name is 1 to 64 of a-z, A-Z, 0-9, _ and -")
    self.name = name
    self.description = description
    schema = { try GenerationSchema(of: Arguments.self) }
    self.call = { text in
      let output = try await call(GeneratedValue.decode(Arguments.self, from: text))
      return try GeneratedValue.text(of: output)
    }
  }
}

/// Whether the model calls functions.
public enum ToolChoice: Sendable, Equatable {
  /// As the model likes.
  case automatic
  /// No calls.
  case none
  /// A call of any function comes first; then as the model likes.
  case required
  /// A call of this function comes first; then as the model likes.
  case named(String)

  /// Whether a call has to come first.
  var isForced: Bool {
    switch self {
    case .automatic, .none: false
    case .required, .named: true
    }
  }
}

/// A function that threw, or that could not be called.
public struct ToolError: Error, CustomStringConvertible {
  public let toolName: String
  public let underlyingError: any Error

  public var description: String { "the tool \(toolName): \(underlyingError)" }
}

/// The functions of a conversation with their schemas.
struct ToolSet: Sendable {
  let tools: [Tool]
  private let schemas: [GenerationSchema]
  let names: Set<String>

  init(_ tools: [Tool]) throws {
    self.tools = tools
    schemas = try tools.map { try $0.schema() }
    names = Set(tools.map(\.name))
  }

  /// As chat templates have them.
  var functions: [JSONValue] {
    zip(tools, schemas).map { tool, schema in
      [
        "type": "function",
        "function": [
          "name": .string(tool.name), "description": .string(tool.description),
          "parameters": schema.json,
        ],
      ]
    }
  }

  /// As constraints have them, and what answers are read by.
  ///
  /// - Parameter name: the only function; nil for all.
  func callable(named name: String? = nil) -> [CallableFunction] {
    zip(tools, schemas).filter { name == nil || $0.0.name == name }
      .map { CallableFunction(name: $0.name, parameters: $1.json) }
  }

  /// Makes the calls, side by side. Gives what they return, in order.
  func run(_ calls: [ToolCall]) async throws -> [String] {
    try await withThrowingTaskGroup(of: (Int, String).self) { tasks in
      for (index, call) in calls.enumerated() {
        guard let tool = tools.first(where: { $0.name == call.name }) else { continue }
        tasks.addTask {
          do {
            return (index, try await tool.call(call.arguments))
          } catch is CancellationError {
            throw CancellationError()
          } catch {
            throw ToolError(toolName: call.name, underlyingError: error)
          }
        }
      }
      var outputs = calls.map { _ in "" }
      for try await (index, output) in tasks { outputs[index] = output }
      return outputs
    }
  }
}
