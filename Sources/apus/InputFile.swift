// Files that a person names, read and written whole.

import Foundation

enum InputFile {
  /// The bytes of the file at `path`, of standard input for `-`.
  static func bytes(_ path: String) throws(CommandError) -> [UInt8] {
    do {
      if path == "-" { return try [UInt8](FileHandle.standardInput.readToEnd() ?? Data()) }
      return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw CommandError(
        .unreadableFile, "\(path == "-" ? "standard input" : path) cannot be read: \(reason(error))"
      )
    }
  }

  /// The file at `path` as text in UTF-8.
  static func text(_ path: String) throws(CommandError) -> String {
    let bytes = try bytes(path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandError(
        .unusableInput, "\(path == "-" ? "standard input" : path) is no text in UTF-8")
    }
    return text
  }
}
