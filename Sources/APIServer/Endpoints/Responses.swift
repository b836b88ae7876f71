// POST /v1/responses: OpenAI's newer shape, without any memory between requests.

import Hummingbird

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
}
