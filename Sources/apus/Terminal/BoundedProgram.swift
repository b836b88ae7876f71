// A program of the system that a server runs: with a file as its input, in a group of its own, and
// never for longer than it may.

import Foundation
import Synchronization

/// Tells whoever waits for programs that there is no time left.
final class Hurry: Sendable {
  private let told = Atomic(false)

  var isTold: Bool { told.load(ordering: .acquiring) }
  func tell() { told.store(true, ordering: .releasing) }
}

/// Runs one program to its end.
///
/// Foundation's `Process` waits until everybody has closed what they inherited, so that a mail command
/// which leaves a child behind would hold its server; here the program's end is enough.
struct BoundedProgram {
  let command: [String]
  /// For how long it may run.
  let limit: Duration
  /// For how long once there is hurry.
  let limitInHurry: Duration

  private static let pauseMicroseconds: UInt32 = 10_000

  /// Runs it with a file as its standard input; what still runs when its time is over is ended with
  /// all that it began.
  ///
  /// - Returns: its exit status; nil where it could not be started, or was ended.
  func run(inputPath: String, hurry: Hurry) -> Int32? {
    guard let process = start(inputPath) else { return nil }
    let clock = ContinuousClock()
    let begun = clock.now
    var hurried: ContinuousClock.Instant?
    while true {
      var status: Int32 = 0
      let found = waitpid(process, &status, WNOHANG)
      if found < 0, errno != EINTR { return nil }
      if found == process { return status & 0x7F == 0 ? status >> 8 & 0xFF : nil }
      if hurried == nil, hurry.isTold { hurried = clock.now }
      let isOver =
        clock.now - begun > limit || hurried.map { clock.now - $0 > limitInHurry } ?? false
      if isOver {
        kill(-process, SIGKILL)
        waitpid(process, &status, 0)
        return nil
      }
      usleep(Self.pauseMicroseconds)
    }
  }

  /// Starts it in a group of its own, which hears all signals, with nothing open but its input.
  private func start(_ inputPath: String) -> pid_t? {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
    for output in [1, 2] as [Int32] {
      posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
    }
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    flags |= Int32(POSIX_SPAWN_SETPGROUP)
    #if canImport(Darwin)
      flags |= Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
    #else
      // One that was closed since is no error.
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
        if let number = Int32(name), number > 2 {
          posix_spawn_file_actions_addclose(&actions, number)
        }
      }
    #endif
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var arguments = command.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    arguments.append(nil)
    var process = pid_t()
    let error = posix_spawnp(&process, command[0], &actions, &attributes, arguments, environ)
    return error == 0 ? process : nil
  }
}
