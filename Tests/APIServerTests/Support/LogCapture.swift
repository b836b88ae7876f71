// Keeps what a server logs, so that a test can say what must be in it and what must not.

import Logging
import Synchronization

/// Collects log lines of every level.
final class LogCapture: Sendable {
  private let lines = Mutex<[String]>([])

  var logger: Logger {
    var logger = Logger(label: "test") { _ in Handler(capture: self) }
    logger.logLevel = .trace
    return logger
  }

  /// All lines so far.
  var text: String { lines.withLock { $0.joined(separator: "\n") } }

  private struct Handler: LogHandler {
    let capture: LogCapture
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = metadata.merging(event.metadata ?? [:]) { $1 }
      let line = "\(event.level) \(event.message) \(all.map { "\($0)=\($1)" }.sorted())"
      capture.lines.withLock { $0.append(line) }
    }
  }
}
