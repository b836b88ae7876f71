// POST /v1/chat/completions: a conversation in, the assistant's next message out.

import Hummingbird
import Metering
import NIOCore
import Transformer

enum ChatCompletions {
  static let route = Route(
    method: .post, path: "/v1/chat/completions", aliases: ["/chat/completions"],
    handler: { exchange, _ in try await respond(to: exchange) })

  private static func respond(to exchange: Exchange) async throws -> Response {
    let backend = exchange.backend
    let principal = exchange.principal
    let (chat, model, prompt) = try await exchange.withJSONBody { body throws in
      let chat = try ChatFields(
        body: body, limits: backend.configuration.limits,
        isStrict: backend.configuration.isStrict)
      let model = try backend.model(named: chat.model)
      // Whoever is over a limit does not make us read a long conversation first.
      try backend.meter?.look(principal, model: model.recordID)
      guard model.engine.hasChatTemplate else { throw APIError.chatTemplateMissing }
      let prompt = try model.engine.prompt(
        chat.messages, addGenerationPrompt: chat.addsGenerationPrompt,
        variables: chat.templateVariables)
      return (chat, model, prompt)
    }
    let answer = try await Answer.begin(
      chat.generation.request(prompt: prompt), kind: .chat, model: model, exchange: exchange)
    let constants = ChatAnswer(
      id: "chatcmpl-\(exchange.withAccount { $0.requestID })",
      created: MeterClock.system.wallMilliseconds() / 1000, model: model.name)
    return chat.isStreamed
      ? stream(
        answer, ChatChunkWriter(constants, includesUsage: chat.includesUsage), exchange)
      : try await complete(answer, constants)
  }

  private static func complete(_ answer: Answer, _ constants: ChatAnswer) async throws -> Response {
    var text = ""
    // 499 is what proxies write for a client that left; none is there to read it.
    let end = try await answer.run(statusIfClientGoes: 499) { text += $0 }
    return Response(
      status: .ok, headers: [.contentType: "application/json", .isGenerated: "true"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: constants.body(text: text, end: end))))
  }

  private static func stream(
    _ answer: Answer, _ chunks: ChatChunkWriter, _ exchange: Exchange
  ) -> Response {
    exchange.withAccount { $0.endsWithBody = true }
    var headers = EventStream.headers
    headers[.isGenerated] = "true"
    let body = ResponseBody { writer in
      defer { exchange.log(status: 200) }
      do {
        var isOpen = false
        let end = try await answer.run(statusIfClientGoes: 200) { text in
          // The first text carries the role's chunk with it: one write, one packet.
          let opening = isOpen ? [] : chunks.role()
          isOpen = true
          try await writer.write(ByteBuffer(bytes: opening + chunks.content(text)))
        }
        let opening = isOpen ? [] : chunks.role()
        try await writer.write(ByteBuffer(bytes: opening + chunks.ending(end)))
      } catch is ClientGone {
        exchange.withAccount { $0.code = "client_gone" }
      } catch {
        let refusal = exchange.refusal(for: error)
        exchange.withAccount { $0.code = refusal.code }
        try await writer.write(ByteBuffer(bytes: ChatChunkWriter.failure(refusal)))
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }
}
