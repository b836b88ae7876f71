// A program of the system, run to its end.

import Dispatch
import Foundation
import Synchronization

/// The program that runs now, for the handler of signals; 0 for none.
private let running = Atomic<Int32>(0)

/// Runs the system's programs. A terminal's Ctrl-C ends the program and then this process.
enum Subprocess {
  struct Result {
    let status: Int32
    /// What it wrote to standard error.
    let errors: String

    /// The last line of what it wrote, for a message.
    var lastError: String {
      errors.split(whereSeparator: \.isNewline).last.map(String.init) ?? "exit code \(status)"
    }
    /// The shell's number for a program that is not there.
    var isMissing: Bool { status == 127 }
  }

  /// Runs `tool`, found in the path, and waits for it.
  ///
  /// - Parameters:
  ///   - output: Where its standard output goes; thrown away by default.
  ///   - eachTick: Called some times a second while it runs.
  ///   - isTooMuch: Asked as often; where it is so, the program is ended.
  static func run(
    _ tool: String, _ arguments: [String], environment: [String: String] = [:],
    output: FileHandle = .nullDevice, eachTick: @escaping @Sendable () -> Void = {},
    isTooMuch: @escaping @Sendable () -> Bool = { false }
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    let errors = Pipe()
    process.standardError = errors
    try runHearingSignals(process)

    let identifier = process.processIdentifier
    running.store(identifier, ordering: .releasing)
    // No source of Dispatch: one that is made again for a signal hears nothing.
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        let identifier = running.load(ordering: .acquiring)
        if identifier > 0 { kill(identifier, SIGTERM) }
        _exit(128 + number)
      }
    }
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "progress"))
    timer.setEventHandler {
      eachTick()
      if isTooMuch() { kill(identifier, SIGTERM) }
    }
    timer.schedule(deadline: .now(), repeating: .milliseconds(200))
    timer.resume()
    defer {
      timer.cancel()
      for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
      running.store(0, ordering: .releasing)
    }
    let written = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, errors: String(decoding: written, as: UTF8.self))
  }

  /// Runs `tool` and gives each line of its standard output as it comes.
  ///
  /// - Parameters:
  ///   - input: What it reads from its standard input.
  ///   - onStart: Called with its number once it runs.
  static func lines(
    of tool: String, _ arguments: [String], input: String, onStart: (Int32) -> Void,
    _ eachLine: (String) -> Void
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    let (entry, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = entry
    process.standardOutput = output
    process.standardError = errors
    try runHearingSignals(process)
    onStart(process.processIdentifier)
    try? entry.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? entry.fileHandleForWriting.close()
    var rest: [UInt8] = []
    while true {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { break }
      rest += more
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        eachLine(String(decoding: rest[..<end], as: UTF8.self))
        rest.removeFirst(end + 1)
      }
    }
    if !rest.isEmpty { eachLine(String(decoding: rest, as: UTF8.self)) }
    let written = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, errors: String(decoding: written, as: UTF8.self))
  }

  /// A child inherits its thread's mask, and threads that come from a pool block nearly all signals.
  private static func runHearingSignals(_ process: Process) throws {
    var (none, previous) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    try process.run()
  }
}
