// The server: models behind an OpenAI-compatible API, on one event loop. Answers are computed on
// the engines' own threads, and everything between is on Swift's cooperative pool.

import HummingbirdCore
import Hummingbird
import Logging
import Metering
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves models over HTTP until it is told to stop.
///
/// Running it under a `ServiceGroup` gives it a graceful end: the listener closes at once, running
/// answers are finished. `runUntilSignalled()` brings such a group.
public struct Server: Service {
  private let backend: Backend
  private let configuration: Configuration
  private let logger: Logger
  private let onListening: @Sendable (String) async -> Void

  /// A server that counts nothing and asks nobody for a key: for this machine alone.
  ///
  /// - Parameters:
  ///   - onListening: Called with the server's address (`http://127.0.0.1:8080`) once it answers.
  /// - Throws: ``ServerError`` where names clash or the address is open to others.
  public init(
    models: [ServedModel], configuration: Configuration = Configuration(), logger: Logger,
    onListening: @escaping @Sendable (String) async -> Void = { _ in }
  ) throws(ServerError) {
    try self.init(
      models: models, meter: nil, configuration: configuration, logger: logger,
      onListening: onListening)
  }

  /// A server with keys, limits and records of usage. The meter stays its owner's: close it when
  /// the server has ended.
  package init(
    models: [ServedModel], meter: Meter?, configuration: Configuration = Configuration(),
    logger: Logger, onListening: @escaping @Sendable (String) async -> Void = { _ in }
  ) throws(ServerError) {
    let asksForKeys = meter?.hasKeys ?? false
    guard
      asksForKeys || configuration.allowsRemoteWithoutKeys
        || LoopbackHost.contains(configuration.host)
    else { throw .keysRequired(host: configuration.host) }
    backend = try Backend(models: models, meter: meter, configuration: configuration)
    self.configuration = configuration
    self.logger = logger
    self.onListening = onListening
  }

  /// Serves until the surrounding task is cancelled or its service group shuts down.
  ///
  /// - Throws: ``ServerError`` where the address cannot be listened on.
  public func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let result: Result<Void, any Error>
    do {
      try await application(on: group).run()
      result = .success(())
    } catch let error as IOError {
      result = .failure(
        ServerError.cannotListen(
          host: configuration.host, port: configuration.port, reason: error.errnoCode))
    } catch {
      result = .failure(error)
    }
    try await group.shutdownGracefully()
    try result.get()
  }

  /// Serves until SIGTERM or SIGINT, then finishes running answers for as long as the
  /// configuration's `drainDuration`.
  ///
  /// - Throws: as `run()`.
  public func runUntilSignalled() async throws {
    var group = ServiceGroupConfiguration(
      services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = configuration.drainDuration
    try await ServiceGroup(configuration: group).run()
  }

  private func application(on group: MultiThreadedEventLoopGroup) -> Application<Frontend> {
    let limits = configuration.limits
    let http = HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        RequestReadingGuard(
          bodyPatience: TimeAmount(limits.bodyDuration), bodyLimit: limits.bodyBytes),
        DisconnectWatch(),
        StreamKeepAlive(interval: TimeAmount(limits.keepAliveInterval)),
        StalledReaderGuard(patience: TimeAmount(limits.stallDuration)),
      ],
      idleTimeout: TimeAmount(limits.idleDuration),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: limits.headerFieldBytes, maxHeaderListSize: limits.headerBytes,
        maxHeaderFieldCount: limits.headerCount))
    return Application(
      responder: Frontend(backend: backend, logger: logger),
      server: .http1(configuration: http),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), serverName: "apus",
        availableConnectionsDelegate: MaximumAvailableConnections(
          limits.connectionCount, logger: logger)),
      onServerRunning: { [backend, onListening] channel in
        let address = backend.listening(on: channel.localAddress)
        await onListening(address)
      },
      eventLoopGroupProvider: .shared(group), logger: logger)
  }
}
