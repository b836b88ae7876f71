// What is wrong with a GGUF file, in one line that says what to do.

/// A GGUF file that cannot be used: which file, what was expected, what was found, what to do.
///
/// The description is one line. Names that come from the file are quoted, shortened, and have their
/// control characters replaced, so that a hostile file cannot write to a terminal through an error.
public struct GGUFError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, to switch on.
  public enum Code: Sendable, Hashable {
    /// The file cannot be opened or mapped.
    case file(FileError.Code)
    /// The file is something else than GGUF.
    case notGGUF
    /// The file was written for a big-endian machine.
    case bigEndian
    /// The version is neither 2 nor 3.
    case version
    /// The file ends before what it announces.
    case truncated
    /// The metadata breaks the format's rules, or a value is not what its key asks for.
    case metadata
    /// The list of tensors breaks the format's rules.
    case tensor
    /// The parts of a split model do not fit together.
    case shards
  }

  public let code: Code
  /// The path as it was given, or that of the part which is wrong.
  public let path: String
  /// What is wrong and what to do, without the path.
  public let detail: String

  package init(_ code: Code, path: String, _ detail: String) {
    self.code = code
    self.path = path
    self.detail = detail
  }

  init(_ error: FileError) {
    self.init(.file(error.code), path: error.path, error.detail)
  }

  public var description: String { "\(path): \(detail)" }

  /// `name` in quotation marks for a message: at most 64 characters, none of them a control one.
  package static func quoted(_ name: String) -> String {
    var result = "'"
    var count = 0
    for scalar in name.unicodeScalars {
      if count == 64 {
        result += "…"
        break
      }
      count += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "'"
  }
}
