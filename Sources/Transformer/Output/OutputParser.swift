// Takes a model's text apart while it is generated: reasoning first, then words and calls.

package import Tokenizer

/// How the text of an answer is to be taken apart.
package struct OutputReading: Sendable {
  /// Whether text between think tags is reasoning.
  package var readsReasoning: Bool
  package var tags: ReasoningTags
  /// Whether the text is messages to channels.
  package var readsChannels: Bool
  /// Whether the prompt has opened the think tag already.
  package var startsInReasoning: Bool
  /// The calls to look for; nil for none.
  package var tools: ToolReading?
  /// Special tokens that the engine's text leaves out, with their spellings.
  package var markers: [TokenID: String]

  package init(
    readsReasoning: Bool = false, tags: ReasoningTags = .think, readsChannels: Bool = false,
    startsInReasoning: Bool = false, tools: ToolReading? = nil, markers: [TokenID: String] = [:]
  ) {
    self.readsReasoning = readsReasoning
    self.tags = tags
    self.readsChannels = readsChannels
    self.startsInReasoning = startsInReasoning
    self.tools = tools
    self.markers = markers
  }
}

/// Reads one choice.
package struct OutputParser {
  private let markers: [TokenID: String]
  private var reasoning: ReasoningParser?
  private var calls: ToolCallParser?
  /// Reads everything, where it is there.
  private var channels: ChannelParser?
  /// The likelihoods of tokens whose text has not been told yet.
  private var scores: [ScoredToken] = []

  package init(_ reading: OutputReading) {
    markers = reading.markers
    if reading.readsChannels {
      channels = ChannelParser(reading.tools)
      return
    }
    if reading.readsReasoning {
      reasoning = ReasoningParser(reading.tags, isInside: reading.startsInReasoning)
    }
    calls = reading.tools.map { ToolCallParser($0) }
  }

  /// Whether what comes next is reasoning, as far as is known.
  package var isReasoning: Bool { channels?.isReasoning ?? reasoning?.isInside ?? false }

  /// Whether a call was found.
  package var hasCalls: Bool { channels?.hasCalls ?? calls?.hasCalls ?? false }

  /// Whether the last call lacks its end, once `finish` was called: it was cut off, and its arguments
  /// are none.
  package var hasOpenCall: Bool { channels?.hasOpenCall ?? calls?.hasOpenCall ?? false }

  /// The pieces that became certain with a token.
  ///
  /// - Parameter score: how likely it was; goes out with the text that the token is part of.
  package mutating func append(
    _ token: GeneratedToken, _ score: ScoredToken? = nil
  ) -> [AnswerPiece] {
    let wasReasoning = isReasoning
    let text = markers[token.id].map { $0 + token.text } ?? token.text
    let pieces = text.isEmpty ? [] : append(text)
    guard let score else { return pieces }
    if !wasReasoning { scores.append(score) }
    // What is neither told nor held back was a mark, or white space beside one.
    if pieces.isEmpty, !text.isEmpty, !holdsText { scores = [] }
    return withScores(pieces)
  }

  /// The pieces that are certain now that only this text follows.
  package mutating func finish(_ text: String) -> [AnswerPiece] {
    var pieces = text.isEmpty ? [] : append(text)
    for piece in reasoning?.finish() ?? [] { pieces += withCalls(piece) }
    pieces += calls?.finish() ?? channels?.finish() ?? []
    return withScores(pieces)
  }

  /// The pieces that became certain with a text.
  mutating func append(_ text: String) -> [AnswerPiece] {
    if let pieces = channels?.append(text) { return pieces }
    guard let parts = reasoning?.append(text) else { return withCalls(.text(text)) }
    return parts.flatMap { withCalls($0) }
  }

  private var holdsText: Bool {
    reasoning?.holdsText ?? false || calls?.holdsText ?? false || channels?.holdsText ?? false
  }

  /// The pieces, of which the first text bears the scores; those of other pieces' tokens are dropped.
  private mutating func withScores(_ pieces: [AnswerPiece]) -> [AnswerPiece] {
    guard !scores.isEmpty, !pieces.isEmpty else { return pieces }
    defer { scores = [] }
    var pieces = pieces
    for (place, piece) in pieces.enumerated() {
      guard case .text(let text, _) = piece else { continue }
      pieces[place] = .text(text, scores)
      break
    }
    return pieces
  }

  private mutating func withCalls(_ piece: AnswerPiece) -> [AnswerPiece] {
    guard case .text(let text, _) = piece, let found = calls?.append(text) else { return [piece] }
    return found
  }
}
