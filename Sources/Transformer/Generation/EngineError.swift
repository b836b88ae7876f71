// What the engine refuses.

public import Constraints
public import Tokenizer

/// A request that the engine does not take. The description is one line.
public enum EngineError: Error, Equatable, CustomStringConvertible {
  case emptyPrompt
  case promptTooLong(tokens: Int, contextLength: Int)
  case tokenOutOfRange(TokenID, vocabularyCount: Int)
  case overloaded(queueLimit: Int)
  case stopped
  /// The model turns texts into vectors and writes none.
  case writesNothing(model: String)
  /// The model's numbers for a text are not finite, so that there is no vector or no next token.
  case notFinite(model: String)
  /// The shortest answer that satisfies the constraint has more tokens than the answer may have.
  case answerTooShort(needed: Int, allowed: Int)
  /// The constraint cannot be followed with this vocabulary.
  case constraint(ConstraintError)

  public var description: String {
    switch self {
    case .emptyPrompt: "the prompt is empty: give at least one token"
    case .promptTooLong(let tokens, let contextLength):
      "the prompt has \(tokens) tokens, the context \(contextLength): shorten the prompt or choose "
        + "a longer context"
    case .tokenOutOfRange(let id, let count):
      "the token id \(id) is not in 0..<\(count), the vocabulary"
    case .overloaded(let limit): "\(limit) requests are waiting already: try again later"
    case .stopped: "the engine has been shut down"
    case .writesNothing(let model):
      "\(model) turns texts into vectors and writes none: embed them, or choose another model"
    case .notFinite(let model):
      "\(model) gave numbers that are not finite: its file is damaged, or its format cannot hold its "
        + "weights"
    case .answerTooShort(let needed, let allowed):
      "the shortest answer under the constraint has \(needed) tokens, and \(allowed) are allowed: "
        + "allow more tokens or a shorter answer"
    case .constraint(let error): "\(error)"
    }
  }
}
