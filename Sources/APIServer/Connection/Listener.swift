// Where the server listens, and errors that say where it cannot.

import HummingbirdCore
import NIOCore
import ServiceLifecycle

/// Where a listener listens.
enum ListeningPlace: Sendable {
  case network(Server.ListeningAddress)
  case socket(String)

  var binding: BindAddress {
    switch self {
    case .network(let address): .hostname(address.host, port: address.port)
    case .socket(let path): .unixDomainSocket(path: path)
    }
  }

  /// Whether requests come under names of this machine that nobody knows beforehand.
  var isOpenToOthers: Bool {
    switch self {
    case .network(let address): !LoopbackHost.contains(address.host)
    case .socket: true
    }
  }
}

/// A listener whose error names its address.
struct Listener: Service {
  let server: any Service
  let place: ListeningPlace

  func run() async throws {
    do {
      try await server.run()
    } catch let error as IOError {
      switch place {
      case .network(let address):
        throw ServerError.cannotListen(
          host: address.host, port: address.port, reason: error.errnoCode)
      case .socket(let path):
        throw ServerError.cannotListenOnSocket(path: path, reason: error.errnoCode)
      }
    }
  }
}
