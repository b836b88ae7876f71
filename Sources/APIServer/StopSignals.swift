// SIGTERM and SIGINT, from the moment a server runs to the end of its process.
//
// A group of services listens to signals for as long as it runs. Behind its end the process closes its
// files and may begin anew, and a signal that came then would be lost: here it is kept.

import Dispatch
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The signals that end a process well.
package enum StopSignals {
  /// The two ends of a pipe that a signal writes a byte to, which stays in it.
  private static let ends: (reading: Int32, writing: Int32) = {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return (-1, -1) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    return (ends[0], ends[1])
  }()

  /// Keeps the signals from now on, where that is to be had.
  ///
  /// - Returns: whether it is.
  static func keep() -> Bool {
    guard ends.writing >= 0 else { return false }
    for number in [SIGTERM, SIGINT] {
      signal(number) { _ in
        // Nothing but a call that is allowed in a handler.
        let before = errno
        var byte: UInt8 = 1
        _ = write(StopSignals.ends.writing, &byte, 1)
        errno = before
      }
    }
    return true
  }

  /// Whether one has come since they are kept.
  package static var haveCome: Bool {
    guard ends.reading >= 0 else { return false }
    var description = pollfd(fd: ends.reading, events: Int16(POLLIN), revents: 0)
    return poll(&description, 1, 0) > 0
  }

  /// Waits for one, or until the task is cancelled.
  static func wait() async {
    let (signals, continuation) = AsyncStream<Void>.makeStream()
    let source = DispatchSource.makeReadSource(fileDescriptor: ends.reading, queue: .global())
    source.setEventHandler { continuation.finish() }
    source.resume()
    for await _ in signals {}
    source.cancel()
  }
}

/// Ends its group when somebody tells the process to stop.
struct StopSignalService: Service {
  func run() async {
    await cancelWhenGracefulShutdown { await StopSignals.wait() }
  }
}
