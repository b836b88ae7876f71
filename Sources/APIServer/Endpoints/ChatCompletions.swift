// POST /v1/chat/completions: a conversation in, the assistant's next message out.

import Hummingbird
import JSON
import Metering

enum ChatCompletions {
  static let route = Route(
    method: .post, path: "/v1/chat/completions", aliases: ["/chat/completions"],
    handler: { exchange, _ in try await respond(to: exchange) })

  private static func respond(to exchange: Exchange) async throws -> Response {
    let backend = exchange.backend
    let principal = exchange.principal
    let (fields, model, prompt) = try await exchange.withJSONBody { body throws in
      let fields = try ChatFields(
        body: body, limits: backend.configuration.limits,
        isStrict: backend.configuration.isStrict)
      let model = try backend.model(named: fields.model)
      // Whoever is over a limit does not make us read a long conversation first.
      try backend.meter?.look(principal, model: model.recordID)
      return (fields, model, try model.prompt(fields.conversation))
    }
    let answer = try await Answer.begin(
      fields.generation.requests(prompt: prompt), kind: .chat, model: model, exchange: exchange,
      reading: model.reading(prompt: prompt, tools: fields.conversation.tools))
    let format = ChatAnswer(
      exchange.identity(of: model), includesUsage: fields.stream.includesUsage,
      choiceCount: answer.choiceCount)
    return try await answer.response(
      in: format, isStreamed: fields.stream.isStreamed, to: exchange)
  }
}
