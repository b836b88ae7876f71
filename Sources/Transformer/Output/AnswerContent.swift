// What a model's text turns out to be: words, reasoning, calls of functions. Piece by piece as it is
// generated, and whole when it is told at once.

/// A piece of an answer that is certain.
package enum AnswerPiece: Sendable, Equatable {
  /// Words, with the tokens that they are made of where likelihoods are wanted.
  case text(String, [ScoredToken] = [])
  /// What the model wrote between its think tags.
  case reasoning(String)
  /// A call of a function begins; its arguments follow.
  case call(id: String, name: String)
  /// More of the JSON text of the last call's arguments.
  case arguments(String)
}

/// A call of a function that the model asks for.
public struct ToolCall: Sendable, Equatable, Codable {
  public let id: String
  public let name: String
  /// JSON text, as the model wrote it.
  public var arguments: String

  public init(id: String, name: String, arguments: String = "") {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// One choice of an answer, as far as it is known.
package struct AnswerContent: Sendable, Equatable {
  package var text = ""
  /// The tokens of the text, where they were asked for.
  package var scores: [ScoredToken] = []
  package var reasoning = ""
  package var calls: [ToolCall] = []

  package init() {}

  /// Adds what came next.
  package mutating func append(_ piece: AnswerPiece) {
    switch piece {
    case .text(let more, let tokens):
      text += more
      scores += tokens
    case .reasoning(let more): reasoning += more
    case .call(let id, let name): calls.append(ToolCall(id: id, name: name))
    case .arguments(let more): calls[calls.count - 1].arguments += more
    }
  }
}
