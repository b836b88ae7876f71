// POST /v1/completions: text in, its continuation out. The road to base models.

import Hummingbird
import Tokenizer
import Transformer

enum Completions {
  static let route = Route(
    method: .post, path: "/v1/completions", aliases: ["/completions"],
    asksModel: true, runsOnEventLoop: true
  ) { exchange, _ in
    let owner = exchange.owner
    let (fields, model, (prompts, constraint, breakers)) = try await exchange.read(
      CompletionFields.self
    ) {
      fields, model in
      try fields.generation.check(model)
      return (
        try fields.prompts.map { try CompletionPrompt($0, suffix: fields.suffix, model) },
        try model.constraint(fields.generation.format, owner: owner),
        fields.generation.breakers(model)
      )
    }
    let choiceCount = fields.generation.choiceCount
    var requests = prompts.flatMap {
      fields.generation.requests(
        prompt: $0.tokens, breakers: breakers, constraint: constraint)
    }
    if fields.keptCount < choiceCount {
      // Whose tokens are likeliest on average is known by their likelihoods alone.
      for index in requests.indices where requests[index].sampling.logProbabilities == nil {
        requests[index].sampling.logProbabilities = 0
      }
    }
    let echoes = prompts.map { EchoedPrompt(fields.echoesPrompt ? $0.text : "") }
    if fields.scoresPrompt {
      for (index, (prompt, echo)) in zip(prompts, echoes).enumerated() {
        requests[index * choiceCount].tellPromptLikelihoods = {
          echo.scored($0, prompt, model.engine)
        }
      }
    }
    let answer = try await Answer.begin(
      requests, choicesPerPrompt: choiceCount, kind: .completion, model: model,
      exchange: exchange)
    let format = CompletionAnswer(
      exchange.identity(of: model), fields.stream, echoes: echoes,
      tellsScores: fields.generation.tellsScores, choicesPerPrompt: fields.keptCount)
    return try await answer.response(
      in: format, isStreamed: fields.stream.isStreamed, keeping: fields.keptCount, to: exchange)
  }
}

/// What a completion goes on with.
struct CompletionPrompt: Sendable {
  let tokens: [TokenID]
  let text: String
  /// Tokens that the vocabulary asked for in front of the text.
  let addedCount: Int

  /// - Throws: where a gap is to be filled and the vocabulary has no marks for it.
  init(
    _ prompt: CompletionFields.Prompt, suffix: String?, _ model: BackendModel
  ) throws(APIError) {
    let engine = model.engine
    var tokens: [TokenID]
    switch prompt {
    case .text(let text):
      // Spellings of special tokens count, so that a prompt may be a rendered conversation, which has
      // its own begin token.
      tokens = engine.tokens(ofPrompt: text)
      let plain = engine.encode(text, parsingSpecial: true, addingSpecial: false)
      addedCount = tokens.count > plain.count && tokens.first.map(engine.isHidden) == true ? 1 : 0
      self.text = text
    case .tokens(let own):
      tokens = own
      addedCount = 0
      text = engine.decode(own)
    }
    if let suffix {
      guard let marks = FillMarks(engine) else {
        throw APIError.invalid(
          "suffix", "unsupported_value",
          "'suffix' can't be used: the model's vocabulary has no marks to fill a gap with.")
      }
      tokens.insert(marks.prefix, at: addedCount)
      tokens += [marks.suffix] + engine.encode(suffix, parsingSpecial: false, addingSpecial: false)
      tokens.append(marks.middle)
    }
    self.tokens = tokens
  }
}

/// The tokens around the two sides of a gap.
private struct FillMarks {
  let prefix: TokenID
  let suffix: TokenID
  let middle: TokenID

  /// How vocabularies spell them.
  private static let spellings = [
    ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"],
    ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"],
    ["<fim-prefix>", "<fim-suffix>", "<fim-middle>"],
    ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"], ["<PRE>", "<SUF>", "<MID>"],
    ["▁<PRE>", "▁<SUF>", "▁<MID>"], ["<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"],
  ]

  init?(_ engine: any TextEngine) {
    for spelling in Self.spellings {
      let tokens = spelling.map {
        engine.encode($0, parsingSpecial: true, addingSpecial: false)
      }
      guard tokens.allSatisfy({ $0.count == 1 && engine.isHidden($0[0]) }) else { continue }
      (prefix, suffix, middle) = (tokens[0][0], tokens[1][0], tokens[2][0])
      return
    }
    return nil
  }
}
