// Files that a person names, read and written whole.

import Foundation

enum InputFile {
  /// Bytes of a file, at most: what goes on for ever would take all memory.
  private static let byteLimit = 1 << 30

  /// The bytes of the file at `path`, of standard input for `-`.
  static func bytes(_ path: String) throws(CommandError) -> [UInt8] {
    let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw unreadable(path, errno) }
    defer { if path != "-" { close(file) } }
    var status = stat()
    if fstat(file, &status) == 0, status.st_size > byteLimit { throw tooLarge(path) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      switch read(file, &part, part.count) {
      case let count where count > 0:
        guard bytes.count + count <= byteLimit else { throw tooLarge(path) }
        bytes += part[..<count]
      case 0: return bytes
      default: if errno != EINTR { throw unreadable(path, errno) }
      }
    }
  }

  /// How messages call the file at `path`.
  static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

  private static func unreadable(_ path: String, _ reason: Int32) -> CommandError {
    CommandError(.unreadableFile, "\(name(path)) cannot be read: \(errorText(reason))")
  }

  private static func tooLarge(_ path: String) -> CommandError {
    CommandError(
      .unusableInput,
      "\(name(path)) has more than \(byteLimit >> 20) MiB: give a smaller file, or a part of it")
  }

  /// The lines of a text in UTF-8: what line feeds part, and nothing else that ends a line somewhere.
  static func lines(_ path: String) throws(CommandError) -> [String] {
    let text = try text(path)
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { line in
      String(Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
    }
  }

  /// The file at `path` as text in UTF-8.
  static func text(_ path: String) throws(CommandError) -> String {
    let bytes = try bytes(path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandError(.unusableInput, "\(name(path)) is no text in UTF-8")
    }
    return text
  }
}
