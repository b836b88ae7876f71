// A terminal that is none: what a command says to it goes to the program that asked for the command.

import Synchronization

/// What one command said, and what it may read.
final class TerminalCapture: Sendable {
  private let said = Mutex<(output: String, notes: [String])>(("", []))
  private let input: Mutex<[Substring]>

  /// - Parameter input: what stands in for standard input.
  init(input: String = "") {
    self.input = Mutex(input.split(separator: "\n", omittingEmptySubsequences: false))
  }

  func write(_ text: String) { said.withLock { $0.output += text } }
  func note(_ text: String) { said.withLock { $0.notes.append(text) } }

  func readLine() -> String? {
    input.withLock { $0.isEmpty ? nil : String($0.removeFirst()) }
  }

  /// All that went to standard output.
  var output: String { said.withLock { $0.output } }
  /// The lines that went to standard error.
  var notes: [String] { said.withLock { $0.notes } }
}
