// What a text completion is answered with: one JSON body, or the chunks of a stream.

import JSON
import Transformer

/// The shape of `text_completion`, which whole answers and chunks share.
struct CompletionAnswer: AnswerFormat {
  private let start: [UInt8]
  private let includesUsage: Bool
  private let tellsCost: Bool
  private let choicesPerPrompt: Int
  /// What the answers to each prompt begin with: the prompt where it is to be echoed.
  private let echoes: [EchoedPrompt]
  private let tellsScores: Bool
  /// Where the next token of each choice begins, in the characters of its text.
  private var offsets: [Int]
  /// Whether the beginning of each choice is told.
  private var hasBegun: [Bool]

  /// - Parameter tellsScores: Whether the log-probabilities of tokens are wanted.
  init(
    _ identity: AnswerIdentity, _ stream: StreamFields, echoes: [EchoedPrompt], tellsScores: Bool,
    choicesPerPrompt: Int
  ) {
    start = identity.opening(id: "cmpl-", object: "text_completion")
    includesUsage = stream.includesUsage
    tellsCost = stream.tellsCost
    self.echoes = echoes
    self.choicesPerPrompt = choicesPerPrompt
    self.tellsScores = tellsScores
    offsets = echoes.flatMap {
      Array(repeating: $0.text.unicodeScalars.count, count: choicesPerPrompt)
    }
    hasBegun = offsets.map { _ in false }
  }

  /// What a choice begins with.
  private func echo(of choice: Int) -> EchoedPrompt { echoes[choice / choicesPerPrompt] }

  func body(of choices: [AnswerContent], end: AnswerEnd) -> [UInt8] {
    var bytes = start
    for (index, content) in choices.enumerated() {
      bytes += (index == 0 ? "" : ",").utf8
      let echo = echo(of: index)
      var scores = tellsScores ? CompletionScores(after: echo) : nil
      scores?.append(content.scores)
      choice(index, echo.text + content.text, scores, end.finishReason(of: index), &bytes)
    }
    bytes += #"],"usage":"#.utf8
    bytes += end.wireUsage(tellsCost: tellsCost)
    bytes += "}".utf8
    return bytes
  }

  /// Nothing: how likely a prompt was is known once it is read, of a later one after the first words.
  func open(_ bytes: inout [UInt8]) {}

  /// Tells the prompt in front of what comes first of a choice.
  private mutating func begin(_ index: Int, _ bytes: inout [UInt8]) {
    guard !hasBegun[index] else { return }
    hasBegun[index] = true
    let echo = echo(of: index)
    guard !echo.text.isEmpty else { return }
    let scores = echo.scores == nil ? nil : CompletionScores(after: echo)
    chunk(index, echo.text, scores, nil, &bytes)
  }

  /// Nothing is looked for in a completion, so every piece is text.
  mutating func add(_ piece: AnswerPiece, choice: Int, _ bytes: inout [UInt8]) {
    guard case .text(let text, let tokens) = piece else { return }
    begin(choice, &bytes)
    guard !tokens.isEmpty else { return chunk(choice, text, nil, nil, &bytes) }
    var scores = CompletionScores(offset: offsets[choice])
    scores.append(tokens)
    offsets[choice] = scores.offset
    chunk(choice, text, scores, nil, &bytes)
  }

  mutating func close(_ end: AnswerEnd, _ bytes: inout [UInt8]) {
    for index in end.finishes.indices {
      begin(index, &bytes)
      chunk(index, "", nil, end.finishReason(of: index), &bytes)
    }
    if includesUsage {
      bytes += "data: ".utf8
      bytes += start
      bytes += #"],"usage":"#.utf8
      bytes += end.wireUsage(tellsCost: tellsCost)
      bytes += "}\n\n".utf8
    }
    bytes += done.utf8
  }

  private func chunk(
    _ index: Int, _ text: String, _ scores: CompletionScores?, _ finish: String?,
    _ bytes: inout [UInt8]
  ) {
    bytes += "data: ".utf8
    bytes += start
    choice(index, text, scores, finish, &bytes)
    bytes += (includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8
  }

  private func choice(
    _ index: Int, _ text: String, _ scores: CompletionScores?, _ finish: String?,
    _ bytes: inout [UInt8]
  ) {
    bytes += #"{"text":""#.utf8
    JSONWriter.escape(text, into: &bytes)
    bytes += "\",\"index\":\(index),\"logprobs\":".utf8
    if let scores { scores.write(to: &bytes) } else { bytes += "null".utf8 }
    bytes += ",\"finish_reason\":".utf8
    bytes += "\(finish ?? "null")}".utf8
  }
}
