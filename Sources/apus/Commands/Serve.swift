// apus serve: models behind an OpenAI-compatible API.

import APIServer
import ArgumentParser
import Foundation
import Logging
import Metering
import Transformer

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a model over HTTP, as OpenAI's API does.",
    discussion: """
      POST /v1/chat/completions, /v1/completions, /v1/responses and /v1/messages, GET /v1/models \
      and /health; GET /openapi.json lists the rest. Without any API key the server answers this \
      machine alone; 'apus keys create' makes one. Ends on Ctrl-C or SIGTERM, after the answers \
      that are running.

      Every setting has one name: 'idle-seconds = 60' in a file, APUS_IDLE_SECONDS=60 in the \
      environment, '--set idle-seconds=60' as a flag. A flag is stronger than the environment, and \
      that is stronger than the file. 'apus serve --print-config' lists them all.
      """)

  @OptionGroup var model: OptionalModelArgument
  @OptionGroup(title: "Settings") var settings: ServerArguments

  @Flag(help: "Print what the settings come to and where each comes from, and serve nothing.")
  var printConfig = false

  @Option(
    name: .customLong("kv-memory"),
    help: ArgumentHelp(
      "MiB for what conversations remember, taken as it is used; by default room for four whole "
        + "contexts.", valueName: "MiB"))
  var keyValueMemory: Int?

  @Option(help: "Answers that are computed side by side, at most.")
  var parallel = EngineOptions().sequenceLimit

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
    guard (1...128).contains(parallel) else {
      throw ValidationError("--parallel takes a number from 1 to 128.")
    }
  }

  func run() async throws {
    let settings = try settings.resolved(environment: ProcessInfo.processInfo.environment)
    if printConfig { return Terminal.write(settings.listing) }
    let located = try LocatedModel.find(model.model)
    let template = try conversation.templateSource()
    let folder = try Keys.folder()
    let central = try NodeOutbox(environment: ProcessInfo.processInfo.environment)
    let meter = try Meter(MeterConfiguration(folder: folder))
    let running: Engine
    do {
      running = try await onOwnThread {
        let model = try engine.load(
          located.path, contextLength: conversation.context, chatTemplate: template)
        return try Engine(model, options: engineOptions(for: model))
      }
    } catch {
      try await meter.close()
      throw error
    }
    let result = await serve(
      ServedModel(name: located.name, engine: running), meter, central,
      settings.configuration.withSocket(in: folder))
    running.shutdown()
    try await meter.close()
    try result.get()
  }

  private func engineOptions(for model: Model) throws -> EngineOptions {
    var options = EngineOptions()
    options.keyValueBytes = keyValueMemory.map { $0 << 20 }
    options.sequenceLimit = parallel
    options.publicPrefixes = try publicSystem.map { path in
      var text = try InputFile.text(path)
      // What ends a file's last line is no part of what clients send.
      while text.last?.isNewline == true { text.removeLast() }
      return try model.prompt([.system(text)], addGenerationPrompt: false)
    }
    try speculation.apply(to: &options, for: model, engine)
    return options
  }

  /// Runs the server to its end, so that what it used can be closed whatever the end was.
  private func serve(
    _ model: ServedModel, _ meter: Meter, _ central: NodeOutbox?,
    _ configuration: Server.Configuration
  ) async -> Result<Void, any Error> {
    do {
      let logger = Logger(label: "apus", factory: { StreamLogHandler.standardError(label: $0) })
      let server = try Server(
        models: [model], meter: meter, administration: AdminVerb.administration,
        configuration: configuration, logger: logger
      ) { address in
        Terminal.writeLine("Listening on \(address)")
      }
      let outbox = Task { await NoticeOutbox.run(meter.store) }
      let node = Task { await central?.run(meter.store) }
      let result = await Result.catching { try await server.runUntilSignalled() }
      outbox.cancel()
      node.cancel()
      // A delivery that has begun is noted before the files are closed.
      await outbox.value
      await node.value
      return result
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

/// The settings of a server on the command line.
struct ServerArguments: ParsableArguments {
  @Option(help: "A file of settings, 'name = value' each; APUS_CONFIG names one too.")
  var config: String?

  @Option(help: "The address to listen on; by default 127.0.0.1.")
  var host: String?

  @Option(
    name: [.short, .long], help: "The port to listen on, by default 8080; 0 takes one that is free."
  )
  var port: String?

  @Option(
    help: ArgumentHelp(
      "A certificate chain in PEM: the server speaks TLS. SIGHUP reads it again.",
      valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("The certificate's key in PEM.", valueName: "file"))
  var tlsKey: String?

  @Flag(help: "Refuse fields that nobody knows instead of ignoring them.")
  var strict = false

  @Option(
    name: .long, help: ArgumentHelp("One setting; may be given again.", valueName: "name=value"))
  var set: [String] = []

  func validate() throws {
    var settings = ServerSettings()
    do { try apply(to: &settings) } catch { throw ValidationError("\(error)") }
  }

  /// The file, the environment over it, and flags over both.
  func resolved(environment: [String: String]) throws -> ServerSettings {
    var settings = ServerSettings()
    if let path = config ?? environment["APUS_CONFIG"] {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw CommandError(.unreadableFile, "the settings in '\(path)' cannot be read")
      }
      try settings.read(file: String(decoding: data, as: UTF8.self), name: path)
    }
    try settings.read(environment: environment)
    try apply(to: &settings)
    return settings
  }

  private func apply(to settings: inout ServerSettings) throws {
    for line in set {
      guard let equals = line.firstIndex(of: "=") else {
        throw CommandError(.unusableInput, "--set takes name=value; '\(line)' has no '='")
      }
      try settings.set(
        String(line[..<equals]), to: String(line[line.index(after: equals)...]), from: .flag,
        place: "--set")
    }
    if let host { try settings.set("host", to: host, from: .flag, place: "--host") }
    if let port { try settings.set("port", to: port, from: .flag, place: "--port") }
    for (name, path) in [("tls-certificate", tlsCertificate), ("tls-key", tlsKey)] {
      if let path { try settings.set(name, to: path, from: .flag, place: "--\(name)") }
    }
    if strict { try settings.set("strict", to: "true", from: .flag, place: "--strict") }
  }
}
