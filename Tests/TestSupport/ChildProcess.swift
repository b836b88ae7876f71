// A program of its own beside the tests. Foundation's `Process` is not used: it inherits the signal
// mask of the thread that runs a test, waits for grandchildren too, and has crashed under many tests.

import Foundation

/// A running program. It inherits no descriptor, and no signal is blocked in it.
package struct ChildProcess: Sendable {
  package let id: pid_t

  /// Starts the program at `path`. What it reads and says goes through files.
  package init(
    _ path: String, _ arguments: [String], environment: [String: String],
    input: String, output: String, errors: String
  ) throws {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)

    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    #if canImport(Darwin)
      flags |= Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
    #else
      // One that was closed since is no error.
      for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
        if let number = Int32(name), number > 2 {
          posix_spawn_file_actions_addclose(&actions, number)
        }
      }
    #endif
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let words = ([path] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var id = pid_t()
    let failure = posix_spawn(&id, path, &actions, &attributes, words, variables)
    guard failure == 0 else {
      throw CocoaError(
        .executableLoad,
        userInfo: [NSLocalizedDescriptionKey: "\(path): \(String(cString: strerror(failure)))"])
    }
    self.id = id
  }

  /// Waits for the end on this thread: the exit code, or 128 and the number of a signal, as a
  /// shell says it.
  package func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
  }

  /// `wait` on a thread of its own: those of Swift's pool are few, and all tests share them.
  package func ended() async -> Int32 { await onThread { wait() } }

  /// Whether it has not ended yet; its end is left for `wait` to take.
  package var isRunning: Bool {
    var information = siginfo_t()
    return waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT) == 0
      && information.si_signo == 0
  }

  package func terminate() { kill(id, SIGTERM) }
}
