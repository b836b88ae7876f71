// The words of the command line as the system gave them, before they became strings.

enum GivenArguments {
  /// The place of the first argument that is no text in UTF-8; nil where all are. Strings have something
  /// else in place of what is none, and nobody would be told.
  static var firstUnreadable: Int? {
    (1..<max(1, Int(CommandLine.argc))).first { place in
      CommandLine.unsafeArgv[place].map { String(validatingCString: $0) == nil } ?? false
    }
  }
}
