// POST /v1/responses: OpenAI's newer shape, without any memory between requests.

import Hummingbird
import JSON
import Metering

enum Responses {
  static let route = Route(
    method: .post, path: "/v1/responses", aliases: ["/responses"],
    handler: { exchange, _ in try await respond(to: exchange) })

  private static func respond(to exchange: Exchange) async throws -> Response {
    let backend = exchange.backend
    let principal = exchange.principal
    let (fields, model, prompt) = try await exchange.withJSONBody { body throws in
      let fields = try ResponsesFields(
        body: body, limits: backend.configuration.limits,
        isStrict: backend.configuration.isStrict)
      let model = try backend.model(named: fields.model)
      try backend.meter?.look(principal, model: model.recordID)
      return (fields, model, try model.prompt(fields.conversation))
    }
    let answer = try await Answer.begin(
      fields.generation.requests(prompt: prompt), kind: .chat, model: model, exchange: exchange,
      reading: model.reading(prompt: prompt, tools: fields.conversation.tools))
    let format = ResponsesAnswer(exchange.identity(of: model), echo: fields.echo)
    return try await answer.response(in: format, isStreamed: fields.isStreamed, to: exchange)
  }
}
