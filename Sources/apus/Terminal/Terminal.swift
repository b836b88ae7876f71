// What a command says: answers on standard output, everything else on standard error.

import Foundation

enum Terminal {
  /// Whether somebody looks at standard error while it is written.
  static let isErrorInteractive = isatty(2) == 1
  /// Whether somebody types standard input.
  static let isInputInteractive = isatty(0) == 1
  /// Whether somebody looks at standard output while it is written.
  static let isOutputInteractive = isatty(1) == 1

  /// Takes what a command says and gives what it reads, where a program asked for the command.
  @TaskLocal static var capture: TerminalCapture?

  /// The next line of standard input; nil at its end.
  static func readLine() -> String? {
    if let capture { return capture.readLine() }
    return Swift.readLine(strippingNewline: true)
  }

  /// Writes text to standard output at once. Where that fails the program ends: quietly where the
  /// reader has gone, as the end of a pipe does.
  static func write(_ text: String) {
    guard !text.isEmpty else { return }
    if let capture { return capture.write(text) }
    let text = isOutputInteractive ? shown(text) : text
    do { try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) } catch {
      let reason = reason(error)
      if reason != errorText(EPIPE) { note("Error: standard output cannot be written: \(reason)") }
      exit(1)
    }
  }

  /// What a terminal shows of a text and does not obey: a model or a server may have written it. A pipe
  /// gets the bytes as they are.
  private static func shown(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isShown =
        scalar.properties.generalCategory != .control || scalar == "\n" || scalar == "\t"
      result.append(isShown ? scalar : "\u{FFFD}")
    }
    return String(result)
  }

  /// Writes a line to standard output.
  static func writeLine(_ text: String) { write(text + "\n") }

  /// Tells the person a line, on standard error.
  static func note(_ text: String) {
    if let capture { return capture.note(text) }
    let text = isErrorInteractive ? shown(text) : text
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }

  /// Writes text to standard error at once, without a line end.
  static func noteInPlace(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
