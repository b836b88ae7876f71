// Where the server listens, and errors that say where it cannot.

import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Where a listener listens.
enum ListeningPlace: Sendable, CustomStringConvertible {
  case network(Server.ListeningAddress)
  case socket(String)

  var binding: BindAddress {
    switch self {
    case .network(let address): .hostname(address.host, port: address.port)
    case .socket(let path): .unixDomainSocket(path: path)
    }
  }

  var description: String {
    switch self {
    case .network(let address): "\(address.host):\(address.port)"
    case .socket(let path): path
    }
  }

  /// The error where the system refuses the place with this `errno`.
  func error(_ reason: Int32) -> ServerError {
    switch self {
    case .network(let address):
      .cannotListen(host: address.host, port: address.port, reason: reason)
    case .socket(let path): .cannotListenOnSocket(path: path, reason: reason)
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

/// A service that can be told to take no more connections and end with those that it has.
protocol ClosableServer: Service {
  func shutdownGracefully() async throws
}

extension HummingbirdCore.Server: ClosableServer {}

/// A listener whose error names its address, and whose end is complete: nothing of it is left that
/// would still use its event loop.
struct Listener: Service {
  let server: any ClosableServer
  let place: ListeningPlace
  let logger: Logger

  func run() async throws {
    // Detached, so that it knows nothing of the surrounding group's graceful end: it would begin its
    // own in a task that nobody can wait for.
    let serving = Task.detached { [server] in try await server.run() }
    let closing = Mutex<Task<Void, any Error>?>(nil)
    let result = await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await serving.result
      } onGracefulShutdown: {
        closing.withLock { $0 = Task { [server] in try await server.shutdownGracefully() } }
      }
    } onCancel: {
      serving.cancel()
    }
    let end = closing.withLock { $0 }
    if let end {
      // It fails where all is closed already.
      _ = await end.result
    } else if case .success = result, !Task.isCancelled {
      logger.error("a listener has ended by itself", metadata: ["place": "\(place)"])
    }
    do { try result.get() } catch let error as IOError {
      throw place.error(error.errnoCode)
    } catch let error as SocketAddressError.UnknownHost {
      throw ServerError.unknownHost(error.host)
    } catch  where end != nil {
      // It was told to end before it began.
    }
  }
}
