// The server: models behind an OpenAI-compatible API, on one event loop. Answers are computed on
// the engines' own threads and told on the loop; what may block or take long is on Swift's cooperative
// pool or a pool of threads.

import HummingbirdCore
import Logging
import Metering
import NIOCore
import NIOPosix
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Serves models over HTTP until it is told to stop.
///
/// Running it under a `ServiceGroup` gives it a graceful end: running answers are finished and new
/// requests are told to come back. `runUntilSignalled()` brings such a group.
public struct Server: Service {
  private let backend: Backend
  private let configuration: Configuration
  private let certificate: TLSCertificate?
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
    models: [ServedModel], meter: Meter?, administration: Administration? = nil,
    configuration: Configuration = Configuration(), logger: Logger,
    onListening: @escaping @Sendable (String) async -> Void = { _ in }
  ) throws(ServerError) {
    let asksForKeys = meter?.hasKeys ?? false
    guard
      asksForKeys || configuration.allowsRemoteWithoutKeys
        || LoopbackHost.contains(configuration.host)
    else { throw .keysRequired(host: configuration.host) }
    certificate =
      switch (configuration.tlsCertificate, configuration.tlsKey) {
      case (nil, nil): nil
      case (let certificate?, let key?): try TLSCertificate(certificate: certificate, key: key)
      default: throw .halfACertificate
      }
    backend = try Backend(
      models: models, meter: meter, administration: administration, configuration: configuration)
    self.configuration = configuration
    self.logger = logger
    self.onListening = onListening
  }

  /// Serves until the surrounding task is cancelled or its service group shuts down. Then new
  /// requests are refused with 503 and the running ones are finished, for as long as the
  /// configuration's `drainDuration`; what still runs after it is cut off.
  ///
  /// - Throws: ``ServerError`` where an address cannot be listened on.
  public func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let result: Result<Void, any Error>
    do {
      try await serve(on: group)
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try await group.shutdownGracefully()
    try result.get()
  }

  /// Reads the files of the certificate and its key again, for the connections that come.
  ///
  /// - Throws: ``ServerError`` where one cannot be used; the old ones stay.
  public func reloadCertificate() throws(ServerError) {
    try certificate?.reload()
  }

  /// Whether the server has ended because a measure asked for it to begin anew, and nobody for it to
  /// stop.
  package var wantsRestart: Bool {
    backend.wantsRestart.load(ordering: .relaxed) && !backend.isToldToStop.load(ordering: .relaxed)
  }

  /// Serves until SIGTERM or SIGINT, then ends as `run()` does. SIGHUP reads the certificate again.
  /// The process keeps these signals afterwards too: they do not end it any more.
  ///
  /// - Throws: as `run()`.
  public func runUntilSignalled() async throws {
    guard StopSignals.keep() else { throw ServerError.noPipe(reason: errno) }
    let group = ServiceGroupConfiguration(
      services: [
        .init(service: self, successTerminationBehavior: .gracefullyShutdownGroup),
        .init(service: CertificateReloading(certificate: certificate, logger: logger)),
        .init(
          service: StopSignalService(), successTerminationBehavior: .gracefullyShutdownGroup),
      ], logger: logger)
    try await ServiceGroup(configuration: group).run()
  }

  private func serve(on group: MultiThreadedEventLoopGroup) async throws {
    var listeners: [any Service] = [publicListener(on: group)]
    if let address = configuration.administration {
      listeners.append(administrationListener(on: group, .network(address)))
    }
    if let path = configuration.administrationSocket {
      listeners.append(administrationListener(on: group, .socket(path)))
    }
    let stores = backend.stores
    if !stores.isEmpty {
      listeners.append(IdleUnloading(stores: stores, models: backend.models))
    }
    let services = ServiceGroup(
      configuration: .init(
        services: listeners.map {
          .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
        }, logger: logger))
    let end: @Sendable (Task<Void, any Error>) async -> Void = { [backend, configuration] serving in
      let isIdle = await backend.activity.drain(atMost: configuration.drainDuration)
      await services.triggerGracefulShutdown()
      if !isIdle { serving.cancel() }
    }
    // Detached from the surrounding group, whose end must not close the listeners before the
    // running requests have ended: until then whoever comes is told to try again.
    let serving = Task.detached { try await services.run() }
    let watching = watches { await end(serving) }
    let result: Result<Void, any Error>
    do {
      try await withTaskCancellationHandler {
        try await withGracefulShutdownHandler {
          try await serving.value
        } onGracefulShutdown: {
          // Also where the server ends just now in order to begin anew: then it stops instead.
          backend.isToldToStop.store(true, ordering: .relaxed)
          Task { await end(serving) }
        }
      } onCancel: {
        serving.cancel()
      }
      result = .success(())
    } catch is CancellationError where backend.isDraining {
      // What did not end within the limit was cut off.
      result = .success(())
    } catch {
      result = .failure(error)
    }
    for watch in watching { watch.cancel() }
    for watch in watching { await watch.value }
    await backend.sharedAnswers.stop()
    try result.get()
  }

  /// What goes on beside the answers for as long as the server runs: a measure that ends it, probes of
  /// its models, prompts of keys that hold no more.
  private func watches(
    _ end: @escaping @Sendable () async -> Void
  ) -> [Task<Void, Never>] {
    let restarting = Task.detached { [backend] in
      guard let meter = backend.meter else { return }
      await meter.wait { $0.mustRestart }
      guard !Task.isCancelled else { return }
      backend.wantsRestart.store(true, ordering: .relaxed)
      await end()
    }
    let probing = Task.detached { [backend, configuration] in
      guard configuration.probeInterval > .zero else { return }
      await Probing(backend: backend, interval: configuration.probeInterval).run()
    }
    let watching = Task.detached { [backend] in await KeyWatch(backend: backend).run() }
    let sharing = Task.detached { [backend] in await backend.sharedAnswers.forgetOld() }
    return [restarting, probing, watching, sharing]
  }

  private func publicListener(on group: MultiThreadedEventLoopGroup) -> any Service {
    let routes = RouteTable.all + (configuration.showsMetrics ? [Metrics.route] : [])
    let makeListener: @Sendable () -> any Service = {
      listener(
        at: .network(
          ListeningAddress(
            host: configuration.host, port: backend.boundPort ?? configuration.port)), routes,
        answersAnyHost: configuration.allowsRemoteWithoutKeys, certificate, on: group
      ) { [backend, onListening] address in
        await onListening(backend.listening(on: address))
      }
    }
    guard let meter = backend.meter else { return makeListener() }
    return PublicListener(meter: meter, makeListener: makeListener)
  }

  private func administrationListener(
    on group: MultiThreadedEventLoopGroup, _ place: ListeningPlace
  ) -> any Service {
    listener(
      at: place, RouteTable.administration, answersAnyHost: place.isOpenToOthers, nil, on: group
    ) { [logger] bound in
      switch place {
      case .network(let address):
        logger.info(
          "administration listens",
          metadata: ["host": "\(address.host)", "port": "\(bound?.port ?? address.port)"])
      case .socket(let path):
        // Whoever may open the data folder may ask; others may not even connect.
        chmod(path, 0o600)
        logger.info("administration listens", metadata: ["socket": "\(path)"])
      }
    }
  }

  private func listener(
    at place: ListeningPlace, _ routes: [Route], answersAnyHost: Bool,
    _ certificate: TLSCertificate?, on group: MultiThreadedEventLoopGroup,
    onRunning: @escaping @Sendable (SocketAddress?) async -> Void
  ) -> any Service {
    let connections = HTTPConnections(
      frontend: Frontend(
        backend: backend, logger: logger, routes: routes, answersAnyHost: answersAnyHost),
      limits: configuration.limits, counts: backend.connections,
      proxies: configuration.trustedProxies)
    let settings = ServerConfiguration(
      address: place.binding, backlog: 1024,
      availableConnectionsDelegate: MaximumAvailableConnections(
        configuration.limits.connectionCount, logger: logger))
    // What it tells is told here in better words, or is no error: that it was cancelled.
    var silence = logger
    silence.logLevel = .critical
    func service(_ channel: some ServerChildChannel) -> any ClosableServer {
      HummingbirdCore.Server(
        childChannelSetup: channel, configuration: settings,
        onServerRunning: { channel in await onRunning(channel.localAddress) },
        eventLoopGroup: group, logger: silence)
    }
    let patience = TimeAmount(configuration.limits.handshakeDuration)
    let server =
      certificate.map {
        service(TLSChannel(base: connections, certificate: $0, patience: patience))
      } ?? service(connections)
    return Listener(server: server, place: place, logger: logger)
  }
}
