// The whole server with keys, limits and the ledger, around an engine that answers at once: what is
// left is what the server itself adds.

import APIServer
import Foundation
import JSON
import Logging
import Metering
import Tokenizer
import Transformer

struct InstantServer {
  let port: Int
  let folder: String

  func run() async throws {
    var settings = MeterConfiguration(folder: folder)
    settings.keyLimits = LimitRule()
    let meter = try Meter(settings)
    guard let label = ShortName("bench") else { exit(1) }
    let key = try meter.store.createKey(label: label)
    meter.refreshKeys()
    var configuration = Server.Configuration()
    configuration.port = port
    var logger = Logger(label: "instant")
    logger.logLevel = .error
    let server = try Server(
      models: [ServedModel(name: "instant", textEngine: InstantEngine())], meter: meter,
      configuration: configuration, logger: logger
    ) { _ in
      print(key.text)
      fflush(nil)
    }
    try await server.runUntilSignalled()
    try await meter.close()
  }
}

/// Answers every prompt with the same eight words.
private final class InstantEngine: TextEngine {
  let contextLength = 4096
  let facts = ModelFacts(
    description: "instant", architecture: "none", parameterCount: 1, trainedContextLength: 4096)
  let chatTemplateSource: String? = "{{ messages }}"
  let pendingCount = 0
  let statistics = EngineStatistics()

  func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> [TokenID] {
    encode(
      messages.map(\.content).joined(separator: " "), parsingSpecial: true, addingSpecial: false)
  }

  func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> String { messages.map(\.content).joined() }

  func encode(_ text: String, parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID] {
    text.split(separator: " ").map { TokenID($0.utf8.count) }
  }

  func decode(_ tokens: [TokenID]) -> String { tokens.map { "\($0)" }.joined(separator: " ") }
  func bytes(of token: TokenID) -> [UInt8] { Array("\(token)".utf8) }
  func isHidden(_ token: TokenID) -> Bool { false }

  func start(_ request: GenerationRequest) throws -> any TokenStream {
    InstantStream(promptCount: request.prompt.count)
  }
}

private struct InstantStream: TokenStream {
  private static let count = 8
  let promptCount: Int

  func cancel() {}

  struct AsyncIterator: AsyncIteratorProtocol {
    let promptCount: Int
    var place = 0

    mutating func next() async throws -> GenerationEvent? {
      place += 1
      if place <= InstantStream.count {
        return .token(GeneratedToken(id: TokenID(place), text: " word"))
      }
      guard place == InstantStream.count + 1 else { return nil }
      return .finished(
        GenerationSummary(
          finishReason: .stop, promptTokenCount: promptCount, cachedPromptTokenCount: 0,
          generatedTokenCount: InstantStream.count, reasoningTokenCount: 0, promptDuration: .zero,
          decodeDuration: .zero, queueDuration: .zero, text: ""))
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(promptCount: promptCount) }
}
