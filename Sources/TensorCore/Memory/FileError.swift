// Why a file could not be mapped or written.

/// A file that cannot be read as a whole, or not written: what is wrong and what to do, in one line.
public struct FileError: Error, Sendable, CustomStringConvertible {
  /// What is wrong, to switch on.
  public enum Code: Sendable {
    /// Nothing is there.
    case missing
    /// The path leads to a directory.
    case directory
    /// The path leads to a pipe, a socket or a device.
    case notRegular
    /// The file has no bytes.
    case empty
    /// The system refused to open or to examine it.
    case unreadable
    /// The system refused to map it.
    case mappingFailed
    /// The system refused to write it.
    case unwritable
  }

  public let code: Code
  /// The path as it was given.
  public let path: String
  /// What is wrong and what to do, without the path.
  public let detail: String

  package init(code: Code, path: String, detail: String) {
    self.code = code
    self.path = path
    self.detail = detail
  }

  public var description: String { "\(path): \(detail)" }
}
