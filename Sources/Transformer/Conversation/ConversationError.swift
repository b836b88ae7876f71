// What a conversation refuses.

/// A turn that cannot be taken. The description is one line. Errors of the engine, such as a prompt
/// that is too long, come as `EngineError`.
public enum ConversationError: Error, Equatable, CustomStringConvertible {
  /// An answer is being made; wait for it or cancel it.
  case isResponding
  /// The named function is none of the conversation's.
  case unknownTool(String)
  /// A call must come, and the conversation has no functions.
  case noTools
  /// A call must come, and `GenerationOptions.maximumToolRounds` allows none.
  case noToolRounds
  /// A constraint on words, and functions: which of both the answer shall be is not said. Choose
  /// `ToolChoice.none`, or ask for a typed answer.
  case constraintWithTools
  /// The answer ended before it was whole, so that there is no value.
  case incomplete

  public var description: String {
    switch self {
    case .isResponding:
      "the conversation is answering already: wait for the answer, or cancel it"
    case .unknownTool(let name): "the conversation has no tool named '\(name)'"
    case .noTools: "a call is required, and the conversation has no tools"
    case .noToolRounds:
      "a call is required, and none is allowed: set maximumToolRounds to 1 or more"
    case .constraintWithTools:
      "a constraint on words and tools cannot both hold: set toolChoice to none, or ask for a value"
    case .incomplete:
      "the answer ended before its value was whole: allow more tokens or let the model think less"
    }
  }
}
