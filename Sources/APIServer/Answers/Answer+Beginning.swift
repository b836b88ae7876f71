// How an answer begins: what it may cost is admitted, and the engine starts.

import Metering
import Transformer

extension Answer {
  /// Admits a request and starts it; `open()` or `openSoon()` has to follow.
  ///
  /// - Parameters:
  ///   - requests: one for each choice, those of a prompt together; at least one.
  ///   - choicesPerPrompt: choices that share a prompt, which is counted once; nil for all.
  ///   - reading: how the model's text is taken apart.
  /// - Throws: `MeterError` where a limit refuses, `EngineError` where the engine does.
  static func begin(
    _ requests: [GenerationRequest], choicesPerPrompt: Int? = nil, kind: RequestKind,
    model: BackendModel, exchange: Exchange, reading: OutputReading = OutputReading()
  ) async throws -> Answer {
    let choicesPerPrompt = choicesPerPrompt ?? requests.count
    let contextLength = model.engine.contextLength
    var (promptTokens, contextLeft, maxTokens) = (0, 0, 0)
    for (index, request) in requests.enumerated() {
      let left = contextLength - request.prompt.count
      guard left > 0 else {
        throw EngineError.promptTooLong(
          tokens: request.prompt.count, contextLength: contextLength)
      }
      if index % choicesPerPrompt == 0 { promptTokens += request.prompt.count }
      contextLeft += left
      maxTokens += min(request.maxTokens ?? left, left)
    }
    let holder = try exchange.admit(
      AdmissionRequest(
        model: model.recordID, kind: kind, promptTokens: Int64(promptTokens),
        maxCompletionTokens: requests[0].maxTokens == nil ? nil : Int64(maxTokens),
        contextLeft: Int64(contextLeft), answerCount: Int64(requests.count)))
    var streams: [any TokenStream] = []
    do {
      for var request in requests {
        request.owner = exchange.owner
        streams.append(try model.engine.start(request))
      }
    } catch {
      for stream in streams { stream.cancel() }
      let refusal = exchange.refusal(for: error)
      try await holder?.take()?.settle(
        Settlement(
          usage: TokenUsage(), status: refusal.recorded, httpStatus: Int64(refusal.status.code),
          latency: exchange.age))
      throw refusal
    }
    let answer = Answer(
      exchange: exchange, streams: streams, reading: reading, engine: model.engine, lease: holder,
      promptTokens: promptTokens, choicesPerPrompt: choicesPerPrompt, watch: exchange.watch)
    exchange.watch.onGone { [weak answer] in answer?.clientWent() }
    return answer
  }
}
