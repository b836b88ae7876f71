// What metering costs a request without a disk: finding the key and taking a request in, ending it,
// and the memory of ten thousand keys. Prints JSON; times are of one thread.

import Foundation
import Metering

/// Takes everything and keeps nothing.
private struct NoLedger: UsageLedger {
  func open(_ row: OpenRow) -> Opening { Opening(slot: 0, requestID: row.requestID) }
  func note(_ opening: Opening, completionTokens: Int64) {}
  func forceOpenings() {}
  func close(_ openings: [Opening]) {}
  func commit(_ entries: [LedgerEntry]) {}
}

struct AdmissionBenchmark {
  let folder: String
  let keyCount: Int
  let rounds: Int

  func run() async throws {
    let rate = RateLimit(perMinute: 1_000_000_000, burst: 1_000_000_000)
    let rule = LimitRule(
      requests: rate, inputTokens: rate, outputTokens: rate, tokens: rate, parallel: 1_000_000)
    guard let name = ShortName("bench"), let prices = Prices(input: 200_000, output: 800_000)
    else { exit(1) }
    let store = try UsageStore(folder: folder, mode: .administering)
    let secrets = try (0..<keyCount).map { _ in
      try store.createKey(label: name, limits: rule).text
    }
    _ = try store.publishPrices(prices, model: store.modelID(name))
    try store.close()

    let before = heapBytes()
    var configuration = MeterConfiguration(folder: folder)
    configuration.keyCheckInterval = .seconds(3600)
    configuration.accountLimits = rule
    let meter = try Meter(configuration, ledger: NoLedger())
    let request = AdmissionRequest(
      model: try meter.modelID(name), kind: .chat, promptTokens: 100, maxCompletionTokens: 100,
      contextLeft: 4096)
    let settlement = Settlement(
      usage: TokenUsage(promptTokens: 100, completionTokens: 80), status: .completed,
      httpStatus: 200, latency: .milliseconds(5), timeToFirstToken: .milliseconds(1))
    for secret in secrets {
      try await meter.admit(meter.authenticate(secret), request).settle(settlement)
    }
    let bytesOfKeys = heapBytes() - before

    var admissions: [Int64] = []
    var ends: [Int64] = []
    admissions.reserveCapacity(rounds)
    ends.reserveCapacity(rounds)
    for round in 0..<rounds {
      let secret = secrets[round % keyCount]
      var lease: MeterLease?
      admissions.append(
        try nanoseconds { lease = try meter.admit(meter.authenticate(secret), request) })
      guard let lease = lease.take() else { continue }
      var ended: EndedRequest?
      let start = MeterClock.system.monotonicNanoseconds()
      ended = lease.end(settlement)
      ends.append(MeterClock.system.monotonicNanoseconds() - start)
      try await ended?.reachDisk()
    }
    print(
      """
      {"keys": \(keyCount), "keys_mb": \(Double(bytesOfKeys) / 1e6), "rounds": \(rounds),
       "authenticate_and_admit": \(quantiles(admissions)), "settle_enqueue": \(quantiles(ends))}
      """)
    try await meter.close()
  }

  /// Memory of the process that is no file's, in bytes.
  private func heapBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return (line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) } ?? 0)
      * 1024
  }

  private func nanoseconds(_ body: () throws -> Void) rethrows -> Int64 {
    let start = MeterClock.system.monotonicNanoseconds()
    try body()
    return MeterClock.system.monotonicNanoseconds() - start
  }

  private func quantiles(_ times: [Int64]) -> String {
    let sorted = times.sorted()
    let parts = [("p50", 50), ("p99", 99)].map { name, percent in
      "\"\(name)_us\": \(Double(sorted[sorted.count * percent / 100]) / 1000)"
    }
    return "{\(parts.joined(separator: ", "))}"
  }
}
