// What a model's text turns out to be: words, reasoning, calls of functions. Piece by piece as it is
// generated, and whole when it is told at once.

import Metering

/// A piece of an answer that is certain.
enum AnswerPiece: Sendable, Equatable {
  case text(String)
  /// What the model wrote between its think tags.
  case reasoning(String)
  /// A call of a function begins; its arguments follow.
  case call(id: String, name: String)
  /// More of the JSON text of the last call's arguments.
  case arguments(String)
}

/// A call of a function that the client is asked to make.
struct ToolCall: Sendable, Equatable {
  let id: String
  let name: String
  /// JSON text, as the model wrote it.
  var arguments = ""
}

/// One choice of an answer, as far as it is known.
struct AnswerContent: Sendable, Equatable {
  var text = ""
  var reasoning = ""
  var calls: [ToolCall] = []

  /// Adds what came next.
  mutating func append(_ piece: AnswerPiece) {
    switch piece {
    case .text(let more): text += more
    case .reasoning(let more): reasoning += more
    case .call(let id, let name): calls.append(ToolCall(id: id, name: name))
    case .arguments(let more): calls[calls.count - 1].arguments += more
    }
  }
}

/// Why a choice ended, as OpenAI's API calls it.
enum AnswerFinish: String, Sendable {
  /// The model was done, or a stop text came.
  case stop
  /// `max_tokens`, the context or the budget was used up.
  case length
  /// The model asks for functions to be called.
  case toolCalls = "tool_calls"
}

/// How an answer came to its natural end.
struct AnswerEnd: Sendable {
  /// What the request was settled with, and what the client is told.
  let usage: TokenUsage
  /// One for each choice.
  let finishes: [AnswerFinish]
}
