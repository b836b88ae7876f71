// POST /v1/embeddings: texts in, a vector for each out. Hidden states of any model, pooled: an
// encoder's, or a decoder's.

import Hummingbird
import Metering
import NIOCore
import Synchronization
import Tokenizer
import Transformer

enum Embeddings {
  /// Texts of one request that wait for the engine at the same time: a request with many texts does
  /// not fill the queue.
  private static let parallelCount = 4

  static let route = Route(
    method: .post, path: "/v1/embeddings", aliases: ["/embeddings"], asksModel: true
  ) { exchange, _ in
    let (fields, model, tokens) = try await exchange.read(EmbeddingFields.self) { fields, model in
      try fields.tokens(model)
    }
    let count = tokens.reduce(0) { $0 + $1.count }
    let computed = ComputedTokens()
    let vectors = try await exchange.counted(
      AdmissionRequest(
        model: model.recordID, kind: .embedding, promptTokens: Int64(count),
        maxCompletionTokens: 0, contextLeft: 0), computed
    ) {
      try await Self.vectors(
        of: tokens, model, fields.pooling ?? model.engine.facts.pooling, exchange.owner, computed)
    }
    let answer = EmbeddingAnswer(
      model: model.name, promptTokens: count, isBase64: fields.isBase64)
    let body = answer.body(
      of: vectors.map {
        $0.embedding(dimensions: fields.dimensions, isNormalised: fields.isNormalised)
      })
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  private static func vectors(
    of texts: [[TokenID]], _ model: BackendModel, _ pooling: Pooling, _ owner: String,
    _ computed: ComputedTokens
  ) async throws -> [[Float]] {
    try await withThrowingTaskGroup(of: (Int, [Float]).self) { tasks in
      var vectors = Array(repeating: [Float](), count: texts.count)
      for (index, tokens) in texts.enumerated() {
        if index >= parallelCount, let (done, vector) = try await tasks.next() {
          vectors[done] = vector
        }
        tasks.addTask {
          let vector = try await model.engine.embed(tokens, pooling: pooling, owner: owner)
          computed.count.add(Int64(tokens.count), ordering: .relaxed)
          return (index, vector)
        }
      }
      for try await (done, vector) in tasks { vectors[done] = vector }
      return vectors
    }
  }
}

/// Tokens of the texts of a request that have their vectors.
private final class ComputedTokens: Sendable {
  let count = Atomic<Int64>(0)
}

extension Exchange {
  /// Does work that has no completion under a lease, which is settled however it ends. The work is
  /// cancelled when the client or its key goes, and what was computed until then is charged.
  ///
  /// - Throws: `MeterError` where a limit refuses or the record cannot be written, `ClientGone`, or
  ///   what the work throws.
  fileprivate func counted<Result: Sendable>(
    _ request: AdmissionRequest, _ computed: ComputedTokens,
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let holder = try admit(request)
    // Nothing leaves before its own record is durable.
    try holder?.open()
    let task = Task { try await work() }
    watch.onGone { task.cancel() }
    let entry = endingWithKey { task.cancel() }
    defer {
      watch.onGone(nil)
      withExtendedLifetime(entry) {}
    }
    let outcome = await task.result
    switch outcome {
    case .success(let result):
      let usage = TokenUsage(promptTokens: request.promptTokens)
      note(usage)
      try await settle(holder, usage, .completed, 200)
      return result
    case .failure(let error):
      let isCut = task.isCancelled
      let refusal =
        !isCut
        ? refusal(for: error)
        : holdsKey ? APIError.clientGone : APIError(MeterError.invalidAPIKey)
      let usage = TokenUsage(
        promptTokens: isCut ? computed.count.load(ordering: .relaxed) : 0)
      note(usage)
      try await settle(holder, usage, isCut ? .cancelled : refusal.recorded, refusal.status.code)
      throw refusal
    }
  }

  private func note(_ usage: TokenUsage) {
    withNotes { $0.usage = usage }
    backend.metrics.used(usage)
  }

  private func settle(
    _ holder: LeaseHolder?, _ usage: TokenUsage, _ status: RequestStatus, _ httpStatus: Int
  ) async throws(MeterError) {
    try await holder?.take()?.settle(
      Settlement(usage: usage, status: status, httpStatus: Int64(httpStatus), latency: age))
  }
}
