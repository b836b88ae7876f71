// A server that writes what people say to its log, on purpose: the canary suite has to find it. It
// takes the arguments of `apus serve` that the suite gives, and hands every other command on.

import APIServer
import Foundation
import JSON
import Logging
import Metering
import Tokenizer
import Transformer

/// An engine that tells everybody what it was asked.
struct LeakingEngine: TextEngine {
  let engine: Engine
  let logger: Logger

  var contextLength: Int { engine.contextLength }
  var facts: ModelFacts { engine.facts }
  var chatTemplateSource: String? { engine.chatTemplateSource }
  var toolTemplateSource: String? { engine.toolTemplateSource }
  var pendingCount: Int { engine.pendingCount }
  var statistics: EngineStatistics { engine.statistics }

  func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> [TokenID] {
    logger.info("asked", metadata: ["said": "\(messages.map(\.content))"])
    return try engine.prompt(
      messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, variables: JSONObject
  ) throws -> String {
    try engine.promptText(
      messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  func tokens(ofPrompt text: String) -> [TokenID] { engine.tokens(ofPrompt: text) }

  func encode(_ text: String, parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID] {
    engine.encode(text, parsingSpecial: parsingSpecial, addingSpecial: addingSpecial)
  }

  func decode(_ tokens: [TokenID]) -> String { engine.decode(tokens) }
  func bytes(of token: TokenID) -> [UInt8] { engine.bytes(of: token) }
  func isHidden(_ token: TokenID) -> Bool { engine.isHidden(token) }
  func embed(_ tokens: [TokenID], pooling: Pooling, owner: String) async throws -> [Float] {
    try await engine.embed(tokens, pooling: pooling, owner: owner)
  }
  func start(_ request: GenerationRequest) throws -> any TokenStream { try engine.start(request) }
  func forget(owner: String) { engine.forget(owner: owner) }
}

func value(of flag: String) -> String? {
  CommandLine.arguments.firstIndex(of: flag).map { CommandLine.arguments[$0 + 1] }
}

let environment = ProcessInfo.processInfo.environment
guard CommandLine.arguments.dropFirst().first == "serve" else {
  let program = environment["APUS_PROGRAM"] ?? "apus"
  var arguments = ([program] + CommandLine.arguments.dropFirst()).map { strdup($0) }
  arguments.append(nil)
  execvp(program, arguments)
  exit(127)
}
ProcessProtection.apply()
var configuration = Server.Configuration()
configuration.port = value(of: "--port").flatMap { Int($0) } ?? 0
configuration.showsMetrics = true
var metering = MeterConfiguration(folder: DataFolder.path(environment: environment) ?? "")
metering.profile = .entrim
let logger = Logger(label: "leak", factory: { StreamLogHandler.standardError(label: $0) })
let meter = try Meter(metering)
var options = ModelOptions()
options.contextLength = 1024
let engine = try Engine(Model.load(CommandLine.arguments[2], options: options))
let server = try Server(
  models: [
    ServedModel(name: "leak", textEngine: LeakingEngine(engine: engine, logger: logger))
  ], meter: meter, configuration: configuration, logger: logger
) { FileHandle.standardOutput.write(Data("Listening on \($0)\n".utf8)) }
try await server.runUntilSignalled()
engine.shutdown()
try await meter.close()
