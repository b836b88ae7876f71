// apus serve: models behind an OpenAI-compatible API.

import APIServer
import ArgumentParser
import Foundation
import Logging
import Metering
import Transformer

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve models over HTTP, as OpenAI's API does.",
    discussion: """
      POST /v1/chat/completions, /v1/completions, /v1/responses, /v1/messages and /v1/embeddings, \
      GET /v1/models and /health; GET /openapi.json lists the rest. Whisper models (ggml-*.bin) answer \
      POST /v1/audio/transcriptions. They and the first of the others are loaded at the start and \
      stay; the rest are loaded when they are asked for. Without any API key the server answers this \
      machine alone; 'apus keys create' makes one. Ends on Ctrl-C or SIGTERM, after the answers \
      that are running.

      Every setting has one name: 'idle-seconds = 60' in a file, APUS_IDLE_SECONDS=60 in the \
      environment, '--set idle-seconds=60' as a flag. A flag is stronger than the environment, and \
      that is stronger than the file. 'apus serve --print-config' lists them all.
      """)

  @OptionGroup var models: ModelListArgument
  @OptionGroup(title: "Settings") var settings: ServerArguments

  @Flag(help: "Print what the settings come to and where each comes from, and serve nothing.")
  var printConfig = false

  @Option(
    name: .customLong("kv-memory"),
    help: ArgumentHelp(
      "MiB for what conversations remember, taken as it is used; by default room for four whole "
        + "contexts.", valueName: "MiB"))
  var keyValueMemory: Int?

  @Flag(
    help: """
      Lock what conversations remember in memory, so that it comes into no swap. Strict privacy \
      locks all of the process where there is swap.
      """)
  var lockMemory = false

  @Option(help: "Answers that are computed side by side, at most.")
  var parallel = EngineOptions().sequenceLimit

  @Option(help: "Seconds that a prompt is remembered for after its last use.")
  var prefixSeconds = 600

  @Option(
    help: ArgumentHelp(
      "A model beside the first that nobody asked for in so many seconds is let go.",
      valueName: "seconds"))
  var idleUnload = 600

  @Option(help: "Models beside the first that are loaded at the same time, at most.")
  var loadedModels = 2

  @Option(
    help: ArgumentHelp(
      "A system prompt that is no secret: what is computed for it serves all keys. May be given "
        + "again.", valueName: "file"))
  var publicSystem: [String] = []

  @OptionGroup var engine: EngineArguments
  @OptionGroup(title: "Speculation") var speculation: SpeculationArguments
  @OptionGroup(title: "Conversation") var conversation: ConversationArguments

  func validate() throws {
    if let keyValueMemory, !(1...1 << 24).contains(keyValueMemory) {
      throw ValidationError("--kv-memory takes a number of MiB from 1 to 16777216.")
    }
    guard (1...86_400).contains(prefixSeconds) else {
      throw ValidationError("--prefix-seconds takes a number from 1 to 86400.")
    }
    guard (1...128).contains(parallel) else {
      throw ValidationError("--parallel takes a number from 1 to 128.")
    }
    guard (1...Int(Int32.max)).contains(idleUnload) else {
      throw ValidationError("--idle-unload takes a number of seconds above 0.")
    }
    guard loadedModels > 0 else {
      throw ValidationError("--loaded-models takes a number above 0.")
    }
  }

  func run() async throws {
    let settings = try settings.resolved(environment: ProcessInfo.processInfo.environment)
    if printConfig { return Terminal.write(settings.listing) }
    var configuration = settings.configuration
    configuration.privacyMeasures = try protect(configuration.privacy)
    let located =
      try models.models.isEmpty
      ? [LocatedModel.find(nil)] : models.models.map { try LocatedModel.find($0) }
    let template = try conversation.templateSource()
    let folder = try Keys.folder()
    let central = try NodeOutbox(environment: ProcessInfo.processInfo.environment)
    var metering = MeterConfiguration(folder: folder)
    metering.profile = configuration.metadataProfile
    metering.failsOpen = configuration.failsOpen
    metering.failedAuthentications = .patience(perMinute: Int64(configuration.wrongKeysPerMinute))
    metering.refusals = .patience(perMinute: Int64(configuration.refusalsPerMinute))
    let meter = try Meter(metering)
    let limits = configuration.limits
    let store = EngineStore(idleTime: .seconds(idleUnload), limit: loadedModels)
    var running: Engine?
    let result: Result<Bool, any Error>
    do {
      var served: [ServedModel] = []
      for model in located {
        if model.isSpeechModel {
          served.append(ServedModel(name: model.name, speech: try await loadSpeech(model)))
        } else if running == nil {
          let engine = try await loadFirst(model, template, limits)
          running = engine
          served.append(ServedModel(name: model.name, engine: engine))
        } else {
          served.append(try await onDemand(model, in: store, template, limits))
        }
      }
      result = await serve(served, meter, central, configuration.withSocket(in: folder))
    } catch {
      result = .failure(error)
    }
    await store.shutdown()
    running?.shutdown()
    try await meter.close()
    guard try result.get() else { return }
    // From here on a signal ends the process at once; one that came before is not forgotten.
    ProcessProtection.restoreSignals()
    if !StopSignals.haveCome { throw Self.restartFailure() }
  }

  /// Begins this program anew in this process, with the same arguments; returns where that fails.
  private static func restartFailure() -> CommandError {
    var arguments = CommandLine.arguments.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    arguments.append(nil)
    execv("/proc/self/exe", arguments)
    return CommandError(
      .serverFailed, "the server was to begin anew and cannot (error \(errno)); start it again")
  }

  /// Keeps what people say off the disk, as far as the mode asks for.
  ///
  /// - Throws: `CommandError` where the mode is strict and something is missing.
  private func protect(_ mode: PrivacyMode) throws -> [PrivacyMeasure] {
    if mode == .strict { ProcessProtection.ensureWiping(arguments: CommandLine.arguments) }
    ProcessProtection.apply()
    let measures = ProcessProtection.measures()
    if mode == .strict, let missing = measures.first(where: { !$0.isKept }) {
      throw CommandError(
        .unusableEnvironment,
        "strict privacy is not to be had here: \(missing.finding); \(missing.remedy)")
    }
    return measures
  }

  /// The model that stays.
  private func loadFirst(
    _ located: LocatedModel, _ template: String?, _ limits: Server.Limits
  ) async throws -> Engine {
    try await onOwnThread {
      let model = try engine.load(
        located.path, contextLength: conversation.context, chatTemplate: template, mayEmbed: true)
      return try Engine(model, options: engineOptions(for: model, limits))
    }
  }

  /// A model that writes down what is said. It stays too.
  private func loadSpeech(_ located: LocatedModel) async throws -> SpeechModel {
    let options = try engine.options(contextLength: nil, chatTemplate: nil)
    return try await onOwnThread { try SpeechModel.load(located.path, options: options) }
  }

  /// A model that is loaded when it is asked for. Its file is looked at now, so that a wrong one
  /// is told at the start. No draft model guesses for it.
  private func onDemand(
    _ located: LocatedModel, in store: EngineStore, _ template: String?, _ limits: Server.Limits
  ) async throws -> ServedModel {
    let description = try Model.describe(
      located.path,
      options: engine.options(contextLength: conversation.context, chatTemplate: template))
    let (engine, conversation) = (engine, conversation)
    await store.add(located.name) { [self] in
      let model = try engine.load(
        located.path, contextLength: conversation.context, chatTemplate: template,
        mayEmbed: true)
      return try Engine(model, options: engineOptions(for: model, limits, drafts: false))
    }
    return ServedModel(name: located.name, store: store, description: description)
  }

  private func engineOptions(
    for model: Model, _ limits: Server.Limits, drafts: Bool = true
  ) throws -> EngineOptions {
    var options = EngineOptions()
    // One request may fill the queue of an engine that rests, and is not refused for itself.
    options.queueLimit = max(options.queueLimit, limits.answerCount)
    options.keyValueBytes = keyValueMemory.map { $0 << 20 }
    options.locksMemory = lockMemory
    options.sequenceLimit = parallel
    options.prefixLifetime = .seconds(prefixSeconds)
    // An encoder is told nothing.
    options.publicPrefixes = try (model.info.isEncoder ? [] : publicSystem).map { path in
      var text = try InputFile.text(path)
      // What ends a file's last line is no part of what clients send.
      while text.last?.isNewline == true { text.removeLast() }
      return try model.prompt([.system(text)], addGenerationPrompt: false)
    }
    try speculation.apply(to: &options, for: model, engine, drafts: drafts)
    return options
  }

  /// Runs the server to its end, so that what it used can be closed whatever the end was. Gives
  /// whether it is to begin anew.
  private func serve(
    _ models: [ServedModel], _ meter: Meter, _ central: NodeOutbox?,
    _ configuration: Server.Configuration
  ) async -> Result<Bool, any Error> {
    do {
      var logger = Logger(label: "apus", factory: { LineLog(label: $0) })
      logger.logLevel = configuration.logLevel
      if configuration.failsOpen {
        logger.warning("fail-open: requests are served also where their usage cannot be recorded")
      }
      let server = try Server(
        models: models, meter: meter, administration: AdminVerb.administration,
        configuration: configuration, logger: logger
      ) { address in
        Terminal.writeLine("Listening on \(address)")
      }
      let outbox = Task { await NoticeOutbox.run(meter.store) }
      let node = Task { if let central { await central.run(meter.store, logger: logger) } }
      let result = await Result.catching { try await server.runUntilSignalled() }
      outbox.cancel()
      node.cancel()
      // A delivery that has begun is noted before the files are closed. What a central ledger does
      // not take in time waits in its files.
      await outbox.value
      await node.waitForEnd(atMost: .seconds(5))
      return result.map { server.wantsRestart }
    } catch {
      return .failure(error)
    }
  }
}

extension Result where Failure == any Error {
  /// What an asynchronous piece of work came to.
  fileprivate static func catching(_ work: () async throws -> Success) async -> Self {
    do { return .success(try await work()) } catch { return .failure(error) }
  }
}

extension Task where Success == Void, Failure == Never {
  /// Waits for its end, and for no longer than this.
  fileprivate func waitForEnd(atMost limit: Duration) async {
    let (ends, end) = AsyncStream<Void>.makeStream()
    let waiting = Task {
      await self.value
      end.finish()
    }
    let timing = Task {
      try? await Task<Never, Never>.sleep(for: limit)
      end.finish()
    }
    for await _ in ends {}
    waiting.cancel()
    timing.cancel()
  }
}

extension Server.Configuration {
  /// The same, with the socket of the administration where nobody put it elsewhere: in the data
  /// folder, unless its path is longer than a socket's may be.
  func withSocket(in folder: String) -> Server.Configuration {
    var configuration = self
    let path = folder + "/admin.sock"
    switch administrationSocket {
    case nil, Self.standardSocket:
      configuration.administrationSocket = path.utf8.count <= 100 ? path : nil
    case "none": configuration.administrationSocket = nil
    default: break
    }
    return configuration
  }
}
