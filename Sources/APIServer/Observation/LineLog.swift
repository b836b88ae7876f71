// The log of a server on standard error: a line for each event, in one write.
//
// swift-log's own handler formats the time and the time zone anew for every line, which under load
// costs more than the line says.

import Logging
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes `2026-01-02T03:04:05+0100 info apus: message` and whatever metadata there is.
package struct LineLog: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel = Logger.Level.info
  private let label: String
  private let descriptor: Int32

  /// - Parameter descriptor: where lines go; of standard error where nothing is said.
  package init(label: String, descriptor: Int32 = STDERR_FILENO) {
    self.label = label
    self.descriptor = descriptor
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var line = "\(LogTime.now) \(event.level) \(label): \(event.message)"
    var all = metadata
    if let own = event.metadata { all.merge(own) { $1 } }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
    if let error = event.error { line += " error=\(type(of: error))" }
    line += "\n"
    var rest = Array(line.utf8)
    while !rest.isEmpty {
      let count = write(descriptor, rest, rest.count)
      if count < 0, errno != EINTR { return }
      rest.removeFirst(max(0, count))
    }
  }
}

/// The local time with its zone, written once in a second.
private enum LogTime {
  private static let written = Mutex<(second: time_t, text: String)>((-1, ""))

  static var now: String {
    let second = time(nil)
    return written.withLock { written in
      if written.second != second { written = (second, text(second)) }
      return written.text
    }
  }

  private static func text(_ second: time_t) -> String {
    var (second, parts) = (second, tm())
    localtime_r(&second, &parts)
    var buffer = [CChar](repeating: 0, count: 64)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
