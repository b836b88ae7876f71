// apus serve: models behind an OpenAI-compatible API.

import APIServer
import ArgumentParser
import Logging
import Metering
import Transformer

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve a model over HTTP, as OpenAI's API does.",
    discussion: """
      POST /v1/chat/completions and /v1/completions, GET /v1/models and /health. Without any API key the server \
      answers this machine alone; 'apus keys create' makes one. Ends on Ctrl-C or SIGTERM, after \
      the answers that are running.
      """)

  @OptionGroup var model: OptionalModelArgument

  @Option(help: "The address to listen on.")
  var host = Server.Configuration().host

  @Option(name: [.short, .long], help: "The port to listen on; 0 takes one that is free.")
  var port = Server.Configuration().port

  @Flag(help: "Refuse fields that nobody knows instead of ignoring them.")
  var strict = false

  @OptionGroup var engine: EngineArguments
  @OptionGroup(title: "Conversation") var conversation: ConversationArguments

  func validate() throws {
    guard (0...65535).contains(port) else {
      throw ValidationError("--port takes a number from 0 to 65535.")
    }
  }

  func run() async throws {
    let located = try LocatedModel.find(model.model)
    let template = try conversation.templateSource()
    let meter = try Meter(MeterConfiguration(folder: Keys.folder()))
    let running: Engine
    do {
      running = try await onOwnThread {
        try Engine(
          engine.load(
            located.path, contextLength: conversation.context, chatTemplate: template))
      }
    } catch {
      try await meter.close()
      throw error
    }
    var configuration = Server.Configuration()
    configuration.host = host
    configuration.port = port
    configuration.isStrict = strict
    let result = await serve(
      ServedModel(name: located.name, engine: running), meter, configuration)
    running.shutdown()
    try await meter.close()
    try result.get()
  }

  /// Runs the server to its end, so that what it used can be closed whatever the end was.
  private func serve(
    _ model: ServedModel, _ meter: Meter, _ configuration: Server.Configuration
  ) async -> Result<Void, any Error> {
    do {
      let logger = Logger(label: "apus", factory: { StreamLogHandler.standardError(label: $0) })
      let server = try Server(
        models: [model], meter: meter, configuration: configuration, logger: logger
      ) { address in
        Terminal.writeLine("Listening on \(address)")
      }
      try await server.runUntilSignalled()
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}
