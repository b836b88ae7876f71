// A model from an address, by the system's curl.

import Foundation

/// A file at an address.
struct URLSource {
  let url: String
  /// The source in messages.
  let name: String
  let bytes: Int

  /// curl's exit codes that this file knows.
  private enum Exit {
    static let partial: Int32 = 18
    static let httpError: Int32 = 22
    static let cannotWrite: Int32 = 23
    static let timeout: Int32 = 28
    static let noRange: Int32 = 33
    static let connectionLost: Int32 = 56
    static let tooLarge: Int32 = 63
  }

  /// Appends to the file at `path` what is missing. A connection that breaks is taken up again for
  /// as long as something arrives.
  func fetch(into path: String, eachTick: @escaping @Sendable () -> Void) throws {
    var hasBegunAnew = false
    while true {
      let before = ModelFolder.size(of: path) ?? 0
      let result = try Subprocess.run(
        "curl",
        [
          "--silent", "--show-error", "--fail", "--location", "--proto", "=https,http",
          "--connect-timeout", "5", "--speed-limit", "1000", "--speed-time", "30",
          "--max-filesize", String(bytes), "--continue-at", "-", "--output", path, "--", url,
        ], eachTick: eachTick,
        // Older curls do not look at the size where no length is told.
        isTooMuch: { [bytes] in ModelFolder.size(of: path) ?? 0 > bytes })
      if ModelFolder.size(of: path) ?? 0 > bytes {
        try? FileManager.default.removeItem(atPath: path)
        throw SourceError.wrongSize(source: name, expected: bytes, found: bytes + 1)
      }
      switch result.status {
      case 0: return
      case 127: throw SourceError.missingTool("curl", package: "curl")
      case Exit.cannotWrite:
        throw SourceError.cannotWrite(path: path, reason: message(result))
      case Exit.tooLarge:
        try? FileManager.default.removeItem(atPath: path)
        throw SourceError.wrongSize(source: name, expected: bytes, found: bytes + 1)
      case Exit.noRange where before > 0 && !hasBegunAnew:
        hasBegunAnew = true
        try? FileManager.default.removeItem(atPath: path)
      case Exit.partial, Exit.connectionLost, Exit.timeout:
        guard ModelFolder.size(of: path) ?? 0 > before else {
          throw SourceError.unreachable(source: name, reason: message(result))
        }
      case Exit.httpError where result.errors.contains("401") || result.errors.contains("403"):
        throw SourceError.refused(source: name)
      default:
        throw SourceError.unreachable(source: name, reason: message(result))
      }
    }
  }

  /// curl's last line without its own mark.
  private func message(_ result: Subprocess.Result) -> String {
    let line = result.lastError
    guard line.hasPrefix("curl: ("), let end = line.firstIndex(of: ")") else { return line }
    return String(line[line.index(after: end)...].drop { $0 == " " })
  }
}
