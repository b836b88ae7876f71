// POST /v1/messages and /v1/messages/count_tokens: the same answers in Anthropic's shape.

import Hummingbird
import JSON

enum Messages {
  static let route = Route(
    method: .post, path: "/v1/messages", aliases: ["/messages"], errors: .anthropic,
    asksModel: true, runsOnEventLoop: true
  ) { exchange, _ in
    let (fields, model, prompt) = try await exchange.read(MessagesFields.self)
    let answer = try await exchange.begin(fields, model, prompt)
    let format = MessagesAnswer(
      exchange.identity(of: model), promptTokens: prompt.tokens.count,
      maxTokens: fields.generation.maxTokens ?? .max)
    return try await answer.response(in: format, isStreamed: fields.isStreamed, to: exchange)
  }

  static let count = Route(
    method: .post, path: "/v1/messages/count_tokens", aliases: ["/messages/count_tokens"],
    errors: .anthropic, asksModel: true
  ) { exchange, _ in
    let counted = try await exchange.read(MessagesCountFields.self) { fields, model in
      try exchange.takeCount(of: model.recordID)
      return try model.prompt(fields.message.conversation)
    }
    return .json(["input_tokens": .integer(Int64(counted.prompt.count))])
  }
}
