// POST /v1/responses and /v1/responses/input_tokens: OpenAI's newer shape, without any memory between
// requests.

import Hummingbird
import JSON

enum Responses {
  static let route = Route(
    method: .post, path: "/v1/responses", aliases: ["/responses"],
    asksModel: true, runsOnEventLoop: true
  ) { exchange, _ in
    let (fields, model, prompt) = try await exchange.read(ResponsesFields.self)
    let answer = try await exchange.begin(fields, model, prompt)
    let format = ResponsesAnswer(exchange.identity(of: model), echo: fields.echo)
    return try await answer.response(in: format, isStreamed: fields.isStreamed, to: exchange)
  }

  static let count = Route(
    method: .post, path: "/v1/responses/input_tokens", aliases: ["/responses/input_tokens"],
    asksModel: true
  ) { exchange, _ in
    let counted = try await exchange.read(ResponsesFields.self) { fields, model in
      try exchange.takeCount(of: model.recordID)
      return try model.prompt(fields.conversation)
    }
    return .json([
      "object": "response.input_tokens", "input_tokens": .integer(Int64(counted.prompt.count)),
    ])
  }
}
