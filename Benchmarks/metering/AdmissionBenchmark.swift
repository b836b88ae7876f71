// What metering costs a request without a disk: finding the key and taking a request in, ending it,
// and the memory of ten thousand keys. Prints JSON; times are of one thread.

import Foundation
import Metering

/// Takes everything and keeps nothing.
private struct NoLedger: UsageLedger {
  func commit(_ entries: [LedgerEntry]) {}
}

struct AdmissionBenchmark {
  private static let keyCount = 10_000
  private static let rounds = 200_000

  let folder: String

  func run() async throws {
    let rate = RateLimit(perMinute: 1_000_000_000, burst: 1_000_000_000)
    let rule = LimitRule(
      requests: rate, inputTokens: rate, outputTokens: rate, tokens: rate, parallel: 1_000_000)
    guard let name = ShortName("bench"), let prices = Prices(input: 200_000, output: 800_000)
    else { exit(1) }
    let store = try UsageStore(folder: folder, mode: .administering)
    let secrets = try (0..<Self.keyCount).map { _ in
      try store.createKey(label: name, limits: rule).text
    }
    _ = try store.publishPrices(prices, model: store.modelID(name))
    try store.close()

    let before = residentBytes()
    var configuration = MeterConfiguration(folder: folder)
    configuration.keyCheckInterval = .seconds(3600)
    configuration.accountLimits = rule
    let meter = try Meter(configuration, ledger: NoLedger())
    let request = AdmissionRequest(
      model: try meter.modelID(name), kind: .chat, promptTokens: 100, maxCompletionTokens: 100,
      contextLeft: 4096)
    for secret in secrets { _ = try meter.admit(meter.authenticate(secret), request) }
    let bytesOfKeys = residentBytes() - before

    var admissions: [Int64] = []
    var ends: [Int64] = []
    admissions.reserveCapacity(Self.rounds)
    ends.reserveCapacity(Self.rounds)
    for round in 0..<Self.rounds {
      let secret = secrets[round % Self.keyCount]
      var lease: MeterLease?
      admissions.append(
        try nanoseconds { lease = try meter.admit(meter.authenticate(secret), request) })
      // What is let go is ended as an abandoned request: the same way as a settled one, without
      // waiting.
      ends.append(nanoseconds { lease = nil })
      _ = lease == nil
    }
    print(
      """
      {"keys": \(Self.keyCount), "keys_mb": \(Double(bytesOfKeys) / 1e6), "rounds": \(Self.rounds),
       "authenticate_and_admit": \(quantiles(admissions)), "end": \(quantiles(ends))}
      """)
    try await meter.close()
  }

  /// Memory that the process really has, in bytes.
  private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
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
