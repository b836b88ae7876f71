// What a parser of calls has found: calls, and the text around them.

/// Pieces on their way out.
struct FoundCalls {
  private let allowsSeveral: Bool
  /// Calls found so far.
  private(set) var callCount = 0
  /// Whether nothing but white space has come since the last call.
  private var isBehindCall = false
  private var pieces: [AnswerPiece] = []

  /// - Parameter allowsSeveral: whether calls after the first are told.
  init(allowsSeveral: Bool) { self.allowsSeveral = allowsSeveral }

  /// Whether there are calls, and the last one is told.
  var tellsLastCall: Bool { callCount == 1 || callCount > 1 && allowsSeveral }

  /// What was found since this was asked last.
  mutating func takePieces() -> [AnswerPiece] {
    defer { pieces = [] }
    return pieces
  }

  /// Adds pieces of a call; `isFirst` where it begins with them.
  mutating func tell(_ found: [AnswerPiece], isFirst: Bool) {
    if isFirst {
      callCount += 1
      isBehindCall = true
    }
    if tellsLastCall { pieces += found }
  }

  /// Adds text. White space behind a call is its own.
  mutating func say(_ text: String) {
    let text = isBehindCall ? text.drop(while: \.isWhitespace) : text[...]
    guard !text.isEmpty else { return }
    isBehindCall = false
    pieces.append(.text(String(text)))
  }
}
