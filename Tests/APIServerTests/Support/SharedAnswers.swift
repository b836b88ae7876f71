// What tests of shared answers look at: the rows that were written, and metrics that tell how far it is.

import Metering

extension UsageStore {
  /// The rows of this month, newest first.
  func newestRows() throws -> [UsageRow] {
    try usageRows(month: UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds()))
  }
}

extension RunningServer {
  /// Waits until a metric of the page has this value.
  func waits(for name: String, _ value: Int) async throws {
    while try await !get("/metrics").body.contains("\napus_\(name) \(value)\n") {
      await Task.yield()
    }
  }
}
