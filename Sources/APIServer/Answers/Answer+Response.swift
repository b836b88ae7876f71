// From an answer to the response that tells it: at once, or as a stream of events.

import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Transformer

extension Answer {
  /// The response that tells this answer, whole or as a stream.
  ///
  /// - Parameter kept: Choices that are told for each prompt, the likeliest; nil for all. A stream
  ///   tells all.
  func response(
    in format: some AnswerFormat, isStreamed: Bool, keeping kept: Int? = nil,
    to exchange: Exchange
  ) async throws -> Response {
    // Of a whole answer nothing leaves before its own record is durable.
    guard isStreamed else {
      try open()
      return try await whole(in: format, keeping: kept)
    }
    try openSoon()
    return stream(in: format, exchange)
  }

  private func whole(
    in format: some AnswerFormat, keeping kept: Int?
  ) async throws -> Response {
    let choices = Mutex(Array(repeating: AnswerContent(), count: choiceCount))
    let end = try await run(isStreamed: false) { choice, pieces in
      choices.withLock { choices in
        for piece in pieces { choices[choice].append(piece) }
      }
    }
    let all = choices.withLock { $0 }
    let order = order(keeping: kept, end.likelihoods)
    let body = format.body(
      of: order.map { all[$0] },
      end: AnswerEnd(
        usage: end.usage, finishes: order.map { end.finishes[$0] }, cost: end.cost,
        stopTexts: order.map { end.stopTexts[$0] }, isBudgetSpent: end.isBudgetSpent))
    return Response(
      status: .ok, headers: [.contentType: "application/json", .isGenerated: "true"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  /// The choices that are told, those of each prompt together.
  private func order(keeping kept: Int?, _ likelihoods: [Double]) -> [Int] {
    guard let kept, kept < choicesPerPrompt else { return Array(0..<choiceCount) }
    return stride(from: 0, to: choiceCount, by: choicesPerPrompt).flatMap { first in
      (first..<first + choicesPerPrompt).sorted {
        (-likelihoods[$0], $0) < (-likelihoods[$1], $1)
      }.prefix(kept)
    }
  }

  private func stream(in format: some AnswerFormat, _ exchange: Exchange) -> Response {
    exchange.withNotes { $0.endsWithBody = true }
    let duty = StreamDuty(exchange) {
      self.clientWent()
      _ = try? await self.run(isStreamed: true) { _, _ in }
    }
    let limit = exchange.backend.configuration.limits.streamBytes
    let events = EventQueue(format, limit: limit) {
      self.clientWent()
      exchange.closeConnection()
    }
    return EventStream.response(of: events, to: exchange, duty) {
      self.clientWent()
    } work: {
      await self.tell(events, exchange)
    }
  }

  /// Makes the events of a stream, and gives the status that the log will tell.
  private func tell(_ events: EventQueue<some AnswerFormat>, _ exchange: Exchange) async -> Int {
    do {
      events.close(
        try await run(isStreamed: true) { choice, pieces in
          events.add(pieces, choice: choice)
        })
      return 200
    } catch {
      return events.fail(error, exchange)
    }
  }
}
