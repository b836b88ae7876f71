// The lines of the log: one for each event, whole, with what belongs to them.

import APIServer
import FoundationEssentials
import Logging
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct LineLogTests {
  /// What a log writes into a pipe.
  private func lines(_ body: (Logger) -> Void) -> [String] {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    body(Logger(label: "apus") { LineLog(label: $0, descriptor: ends[1]) })
    close(ends[1])
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(ends[0], &buffer, buffer.count), count > 0 {
      bytes += buffer[..<count]
    }
    close(ends[0])
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func aLineHasTimeLevelMessageAndMetadata() throws {
    let found = lines { logger in
      var logger = logger
      logger.info("first")
      logger[metadataKey: "b"] = "2"
      logger.error("second", metadata: ["a": "1"])
      logger.debug("not told")
    }
    let time = #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} /#
    #expect(found.allSatisfy { $0.prefixMatch(of: time) != nil })
    #expect(
      found.map { $0.replacing(time, with: "", maxReplacements: 1) }
        == ["info apus: first", "error apus: second a=1 b=2"])
  }

  /// An error's text could quote anything; its kind is told.
  @Test func anErrorIsToldByItsKind() {
    struct Quoting: Error { let text = "secret" }
    let found = lines { $0.log(level: .error, "failed", error: Quoting()) }
    #expect(found.first?.hasSuffix("error apus: failed error=Quoting") == true)
  }
}
