// POST /v1/messages and /v1/messages/count_tokens: the same answers in Anthropic's shape.

import Hummingbird
import JSON
import Metering
import Tokenizer

enum Messages {
  static let route = Route(
    method: .post, path: "/v1/messages", aliases: ["/messages"], errors: .anthropic,
    handler: { exchange, _ in try await respond(to: exchange) })

  static let count = Route(
    method: .post, path: "/v1/messages/count_tokens", aliases: ["/messages/count_tokens"],
    errors: .anthropic
  ) { exchange, _ in
    let (_, _, prompt) = try await read(exchange, generates: false)
    return .json(["input_tokens": .integer(Int64(prompt.count))])
  }

  private static func respond(to exchange: Exchange) async throws -> Response {
    let (fields, model, prompt) = try await read(exchange, generates: true)
    let answer = try await Answer.begin(
      fields.generation.requests(prompt: prompt), kind: .chat, model: model, exchange: exchange,
      reading: model.reading(prompt: prompt, tools: fields.conversation.tools))
    let format = MessagesAnswer(exchange.identity(of: model), promptTokens: prompt.count)
    return try await answer.response(in: format, isStreamed: fields.isStreamed, to: exchange)
  }

  private static func read(
    _ exchange: Exchange, generates: Bool
  ) async throws -> (MessagesFields, BackendModel, [TokenID]) {
    let backend = exchange.backend
    let principal = exchange.principal
    return try await exchange.withJSONBody { body throws in
      let fields = try MessagesFields(
        body: body, limits: backend.configuration.limits,
        isStrict: backend.configuration.isStrict, generates: generates)
      let model = try backend.model(named: fields.model)
      try backend.meter?.look(principal, model: model.recordID)
      return (fields, model, try model.prompt(fields.conversation))
    }
  }
}
