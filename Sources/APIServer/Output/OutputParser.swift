// Takes a model's text apart while it is generated: reasoning first, then words and calls.

import Tokenizer
import Transformer

/// How the text of an answer is to be taken apart.
struct OutputReading: Sendable {
  /// Whether text between think tags is reasoning.
  var readsReasoning = false
  /// Whether the prompt has opened the think tag already.
  var startsInReasoning = false
  /// The calls to look for; nil for none.
  var tools: ToolReading?
  /// Special tokens that the engine's text leaves out, with their spellings.
  var markers: [TokenID: String] = [:]
}

/// Reads one choice.
struct OutputParser {
  private let markers: [TokenID: String]
  private var reasoning: ReasoningParser?
  private var calls: ToolCallParser?

  init(_ reading: OutputReading) {
    markers = reading.markers
    if reading.readsReasoning {
      reasoning = ReasoningParser(isInside: reading.startsInReasoning)
    }
    calls = reading.tools.map { ToolCallParser($0) }
  }

  /// Whether what comes next is reasoning, as far as is known.
  var isReasoning: Bool { reasoning?.isInside ?? false }

  /// Whether a call was found.
  var hasCalls: Bool { calls?.hasCalls ?? false }

  /// The pieces that became certain with a token.
  mutating func append(_ token: GeneratedToken) -> [AnswerPiece] {
    let text = markers[token.id].map { $0 + token.text } ?? token.text
    return text.isEmpty ? [] : append(text)
  }

  /// The pieces that are certain now that only this text follows.
  mutating func finish(_ text: String) -> [AnswerPiece] {
    var pieces = text.isEmpty ? [] : append(text)
    for piece in reasoning?.finish() ?? [] { pieces += withCalls(piece) }
    pieces += calls?.finish() ?? []
    return pieces
  }

  private mutating func append(_ text: String) -> [AnswerPiece] {
    guard let parts = reasoning?.append(text) else { return withCalls(.text(text)) }
    return parts.flatMap { withCalls($0) }
  }

  private mutating func withCalls(_ piece: AnswerPiece) -> [AnswerPiece] {
    guard case .text(let text) = piece, let found = calls?.append(text) else { return [piece] }
    return found
  }
}
