// A request with an `Idempotency-Key`. Its work belongs to no connection: who sent it first waits for it
// as those do who send it again while it runs.

import HTTPTypes
import Hummingbird

extension Frontend {
  /// The answer to a request that may share another's.
  ///
  /// - Throws: what the work throws, 400 or 422 for an `Idempotency-Key` that cannot be used.
  func sharedAnswer(
    to exchange: Exchange, _ text: String, _ route: Route, _ parameter: String
  ) async throws -> Response {
    let answers = backend.sharedAnswers
    let name = try answers.name(of: text, exchange.principal.account)
    let (body, code) = try await exchange.withWholeBody(route.body) {
      try answers.code(of: $0, route: route, contentType: exchange.request.headers[.contentType])
    }
    while true {
      let fresh = SharedAnswer(
        key: exchange.principal.key, eventLoop: exchange.eventLoop,
        limit: backend.configuration.limits.streamBytes
      ) { [backend] in
        backend.isDraining ? .zero : backend.configuration.limits.reconnectDuration
      } onEnd: { [answers] answer, isGood in
        answers.end(name, answer, isGood: isGood)
      }
      let place = try answers.enter(name, body: code, fresh: fresh)
      exchange.connectionWatch.onGone { place.answer.leave(place.follower) }
      if place.isFirst {
        exchange.keep(body)
        begin(place.answer, exchange, route, parameter)
      } else {
        backend.metrics.joined()
      }
      do {
        return try await exchange.response(place)
      } catch is SharedRefusal {
        // It met another key: this one's turn. Its own comes to an end of its own.
        continue
      }
    }
  }

  /// Has the work done for all who wait.
  private func begin(
    _ answer: SharedAnswer, _ exchange: Exchange, _ route: Route, _ parameter: String
  ) {
    exchange.withNotes { $0.shared = answer }
    let work = Task(executorPreference: EventLoopExecutor(exchange.eventLoop)) {
      do {
        let response = try await handle(exchange, route, parameter)
        let notes = exchange.withNotes { $0 }
        answer.begin(
          SharedAnswer.Head(
            status: response.status, headers: response.headers,
            contentLength: response.body.contentLength, requestID: notes.requestID,
            rate: notes.rate, retirement: notes.retirement, model: notes.model))
        try await response.body.write(SharedAnswerWriter(answer: answer))
      } catch {
        answer.fail(exchange.refusal(for: error))
      }
    }
    answer.start(work)
  }
}

/// What another API key of the account was refused, which says nothing about this one.
private struct SharedRefusal: Error {}

extension Exchange {
  /// The response that tells a shared answer.
  ///
  /// - Throws: the refusal of the work, `SharedRefusal` where that met another API key, or `MeterError`
  ///   where this one may not use the model.
  fileprivate func response(_ place: SharedAnswers.Place) async throws -> Response {
    let isOwn = place.answer.key == principal.key
    // The work ends with the key that does it; whoever reads along with another one ends with
    // theirs.
    let entry = isOwn ? nil : endingWithKey { [weak self] in self?.closeConnection() }
    let end: @Sendable () -> Void = { [self] in
      withExtendedLifetime(entry) {}
      connectionWatch.onGone(nil)
      place.answer.leave(place.follower)
    }
    let head: SharedAnswer.Head
    do {
      head = try await place.answer.head()
      if !isOwn, let model = head.model {
        _ = try backend.meter?.rules(for: principal, model: model)
      }
    } catch is APIError where !isOwn && !connectionWatch.isGone {
      end()
      throw SharedRefusal()
    } catch {
      end()
      throw error
    }
    let logsAtEnd = !place.isFirst && head.contentLength == nil
    var headers = head.headers
    if !place.isFirst {
      // Found in the records under the number of the request that did the work.
      withNotes { notes in
        notes.requestID = head.requestID
        // The limits of another key are nobody else's business.
        if isOwn { notes.rate = head.rate }
        notes.retirement = head.retirement
        notes.isJoined = true
        notes.endsWithBody = logsAtEnd
      }
      headers[.idempotentReplayed] = "true"
    }
    // Nothing was begun for it.
    let duty = logsAtEnd ? StreamDuty(self) {} : nil
    let body = ResponseBody(contentLength: head.contentLength) { [self] writer in
      duty?.take()
      defer {
        end()
        if logsAtEnd { log(status: head.status.code) }
      }
      try await place.answer.tell(&writer, place.follower) { [self] in closeConnection() }
    }
    return Response(status: head.status, headers: headers, body: body)
  }
}
