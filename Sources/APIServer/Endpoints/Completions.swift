// POST /v1/completions: text in, its continuation out. The road to base models.

import Hummingbird
import JSON
import Metering
import Tokenizer

enum Completions {
  static let route = Route(
    method: .post, path: "/v1/completions", aliases: ["/completions"],
    handler: { exchange, _ in try await respond(to: exchange) })

  private static func respond(to exchange: Exchange) async throws -> Response {
    let backend = exchange.backend
    let principal = exchange.principal
    let (fields, model, prompt, echo) = try await exchange.withJSONBody { body throws in
      let fields = try CompletionFields(
        body: body, limits: backend.configuration.limits,
        isStrict: backend.configuration.isStrict)
      let model = try backend.model(named: fields.model)
      try backend.meter?.look(principal, model: model.recordID)
      switch fields.prompt {
      case .text(let text):
        // Spellings of special tokens count, so that a prompt may be a rendered conversation.
        let tokens = model.engine.encode(text, parsingSpecial: true, addingSpecial: true)
        return (fields, model, tokens, text)
      case .tokens(let tokens):
        return (fields, model, tokens, model.engine.decode(tokens))
      }
    }
    let answer = try await Answer.begin(
      fields.generation.requests(prompt: prompt), kind: .completion, model: model,
      exchange: exchange)
    let format = CompletionAnswer(
      exchange.identity(of: model), includesUsage: fields.stream.includesUsage,
      echo: fields.echoesPrompt ? echo : "", choiceCount: answer.choiceCount)
    return try await answer.response(
      in: format, isStreamed: fields.stream.isStreamed, to: exchange)
  }
}
