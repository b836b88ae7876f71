// A model that answers at once, so that what is left is the server's own work.

import APIServer
import JSON
import Tokenizer
import Transformer

/// Answers every prompt with the same number of tokens, ` word` each.
struct StubEngine: TextEngine {
  /// Tokens of an answer that asks for no less.
  let tokens: Int
  /// Gives all streams a token at the same time; nil where they take theirs as fast as they can.
  let beat: Beat?

  let contextLength = 1 << 20
  let facts = ModelFacts(
    description: "stub", architecture: "stub", parameterCount: 1, trainedContextLength: 1 << 20,
    vocabularyCount: 2, embeddingLength: 1)
  let chatTemplateSource: String? = "{{ messages }}"
  let pendingCount = 0
  let statistics = EngineStatistics()

  func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) -> [TokenID] {
    messages.flatMap { encode($0.content, parsingSpecial: true, addingSpecial: false) }
  }

  func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) -> String {
    messages.map(\.content).joined()
  }

  /// A token for every four bytes: a tokenizer's work is not the server's.
  func encode(_ text: String, parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID] {
    Array(repeating: 1, count: text.utf8.count / 4 + 1)
  }

  func decode(_ tokens: [TokenID]) -> String { String(repeating: " word", count: tokens.count) }
  func bytes(of token: TokenID) -> [UInt8] { Array(" word".utf8) }
  func isHidden(_ token: TokenID) -> Bool { false }

  func embed(_ tokens: [TokenID], pooling: Pooling, owner: String) -> [Float] { [1] }

  func forget(owner: String) {}

  func start(_ request: GenerationRequest) -> any TokenStream {
    StubStream(
      tokens: min(tokens, request.maxTokens ?? .max), prompt: request.prompt.count, beat: beat)
  }
}

/// The answer of a `StubEngine`.
struct StubStream: TokenStream {
  struct AsyncIterator: AsyncIteratorProtocol {
    let tokens: Int
    let prompt: Int
    var beats: AsyncStream<Void>.AsyncIterator?
    var given = 0
    var isFinished = false

    mutating func next() async throws -> GenerationEvent? {
      if isFinished { return nil }
      // The first token comes at once: a beat is from one to the next.
      if given > 0, given < tokens { _ = await beats?.next() }
      guard given < tokens else {
        isFinished = true
        return .finished(
          GenerationSummary(
            finishReason: .length, promptTokenCount: prompt, cachedPromptTokenCount: 0,
            generatedTokenCount: given, reasoningTokenCount: 0, promptDuration: .zero,
            decodeDuration: .zero, queueDuration: .zero, text: ""))
      }
      given += 1
      return .token(GeneratedToken(id: 1, text: " word"))
    }
  }

  let tokens: Int
  let prompt: Int
  let beat: Beat?

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(tokens: tokens, prompt: prompt, beats: beat?.join().makeAsyncIterator())
  }

  func cancel() {}
}
