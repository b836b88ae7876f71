// Why a model could not be fetched.

/// A download that failed, in one line with what to do.
enum PullError: Error, CustomStringConvertible {
  /// The folder cannot be made or written to.
  case folder(path: String, reason: String)
  case noRoom(name: String, folder: String, needed: Int, free: Int)
  /// Every source failed, each for its reason.
  case noSource(name: String, reasons: [String], terms: String?)

  var description: String {
    switch self {
    case .folder(let path, let reason):
      "\(path) cannot be used for models: \(reason); set APUS_MODELS to a folder that can"
    case .noRoom(let name, let folder, let needed, let free):
      "the disk is too full for \(name): \(byteText(needed)) are needed in \(folder) and "
        + "\(byteText(free)) are free; free some, or set APUS_MODELS to a folder on another disk"
    case .noSource(let name, let reasons, let terms):
      "\(name) could not be fetched: \(reasons.joined(separator: "; "))"
        + (terms.map { "; its terms may have to be accepted first: \($0)" } ?? "")
    }
  }
}

/// Why one source gave no file; the next one may.
enum SourceError: Error, CustomStringConvertible {
  case missingTool(String, package: String)
  case unreachable(source: String, reason: String)
  /// The source asks who is there: an account, or accepted terms.
  case refused(source: String)
  case wrongSize(source: String, expected: Int, found: Int)
  case wrongChecksum(source: String, expected: String, found: String)
  /// The file cannot be written. No other source would do better.
  case cannotWrite(path: String, reason: String)

  /// Whether another source may do better.
  var isWorthAnother: Bool {
    if case .cannotWrite = self { false } else { true }
  }

  var isRefusal: Bool {
    if case .refused = self { true } else { false }
  }

  var description: String {
    switch self {
    case .missingTool(let tool, let package):
      "'\(tool)' is not installed (package \(package))"
    case .unreachable(let source, let reason):
      "\(source): \(reason)"
    case .refused(let source):
      "\(source) refuses to give it to everybody"
    case .wrongSize(let source, let expected, let found):
      "what \(source) gives has \(found) bytes instead of \(expected) and was deleted"
    case .wrongChecksum(let source, let expected, let found):
      "wrong checksum: what \(source) gives has SHA-256 \(found) instead of \(expected) and was "
        + "deleted; try again, and if it stays so, the file there was replaced"
    case .cannotWrite(let path, let reason):
      "\(path) cannot be written: \(reason)"
    }
  }
}
