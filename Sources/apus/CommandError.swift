// Errors of the commands themselves; libraries bring their own.

/// An input that a command cannot use, in one line with what to do.
struct CommandError: Error, CustomStringConvertible {
  enum Code: Sendable {
    case unreadableFile, unwritableFile, unusableInput, noChatTemplate, unusableEnvironment,
      serverFailed
  }

  let code: Code
  let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
