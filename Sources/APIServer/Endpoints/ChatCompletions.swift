// POST /v1/chat/completions: a conversation in, the assistant's next message out.

import Hummingbird

enum ChatCompletions {
  static let route = Route(
    method: .post, path: "/v1/chat/completions", aliases: ["/chat/completions"],
    asksModel: true, runsOnEventLoop: true
  ) { exchange, _ in
    let (fields, model, prompt) = try await exchange.read(ChatFields.self)
    let answer = try await exchange.begin(fields, model, prompt)
    let format = ChatAnswer(
      exchange.identity(of: model), fields.stream, tellsScores: fields.generation.tellsScores,
      choiceCount: answer.choiceCount)
    return try await answer.response(
      in: format, isStreamed: fields.stream.isStreamed, to: exchange)
  }
}
