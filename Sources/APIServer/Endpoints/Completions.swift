// POST /v1/completions: text in, its continuation out. The road to base models.

import Hummingbird

enum Completions {
  static let route = Route(
    method: .post, path: "/v1/completions", aliases: ["/completions"]
  ) { exchange, _ in
    let (fields, model, prompt) = try await exchange.read(CompletionFields.self) { fields, model in
      switch fields.prompt {
      case .text(let text):
        // Spellings of special tokens count, so that a prompt may be a rendered conversation.
        (model.engine.encode(text, parsingSpecial: true, addingSpecial: true), text)
      case .tokens(let tokens): (tokens, model.engine.decode(tokens))
      }
    }
    let (tokens, text) = prompt
    let answer = try await Answer.begin(
      fields.generation.requests(prompt: tokens), kind: .completion, model: model,
      exchange: exchange)
    let format = CompletionAnswer(
      exchange.identity(of: model), includesUsage: fields.stream.includesUsage,
      echo: fields.echoesPrompt ? text : "", tellsScores: fields.generation.tellsScores,
      choiceCount: answer.choiceCount)
    return try await answer.response(
      in: format, isStreamed: fields.stream.isStreamed, to: exchange)
  }
}
