// A thread of a pool that is stopped from outside, as if another program had its core.

#if os(Linux)
  import Foundation
  import Glibc
  import Synchronization

  /// One thread at a time: a signal's handler knows no object.
  final class HeldThread: Sendable {
    private let thread = Mutex<(id: pthread_t, status: String)?>(nil)

    var isKnown: Bool { thread.withLock { $0 != nil } }

    /// Called on the thread that shall be held.
    func noteThisThread() {
      var target = [CChar](repeating: 0, count: 64)
      _ = readlink("/proc/thread-self", &target, target.count - 1)
      let name = String(decoding: target.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      // Threads of tests, and those that they start, take no signals else.
      var mask = sigset_t()
      sigemptyset(&mask)
      sigaddset(&mask, SIGUSR2)
      pthread_sigmask(SIG_UNBLOCK, &mask, nil)
      thread.withLock { $0 = (pthread_self(), "/proc/\(name)/stat") }
    }

    /// Returns when the thread is held. It is taken while it sleeps, so that it has no lock.
    func hold() {
      let (id, status) = thread.withLock { $0! }
      while !isAsleep(status) { sched_yield() }
      _ = withUnsafeMutablePointer(to: &heldPipe) {
        $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) }
      }
      _ = withUnsafeMutablePointer(to: &releasePipe) {
        $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) }
      }
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in
        var byte: UInt8 = 0
        _ = write(heldPipe.1, &byte, 1)
        _ = read(releasePipe.0, &byte, 1)
      }
      sigaction(SIGUSR2, &action, nil)
      pthread_kill(id, SIGUSR2)
      var byte: UInt8 = 0
      _ = read(heldPipe.0, &byte, 1)
    }

    func release() {
      var byte: UInt8 = 0
      _ = write(releasePipe.1, &byte, 1)
    }

    private func isAsleep(_ status: String) -> Bool {
      let text = (try? String(contentsOfFile: status, encoding: .utf8)) ?? ""
      return text.split(separator: ")").last?.hasPrefix(" S") ?? false
    }
  }

  // The two ends of each pipe stand side by side, as `pipe` fills them.
  nonisolated(unsafe) private var heldPipe: (Int32, Int32) = (-1, -1)
  nonisolated(unsafe) private var releasePipe: (Int32, Int32) = (-1, -1)
#endif
