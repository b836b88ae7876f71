// What a settled request costs: intent, settlement and rollup, each on the disk before it counts.

import Foundation
import Metering
import Synchronization

struct LedgerBenchmark {
  let folder: String

  func run() async throws {
    let sync = syncTimes()
    print("The disk: a write of 4 KiB and fdatasync takes \(sync.line) ms.")
    for width in [64, 256, 1024] {
      // The best of five: what others do on the machine can only slow it down.
      var best: (rate: Double, settle: Times, cpu: Double)?
      for round in 0..<5 {
        let result = try await asFastAsPossible(width: width, round: round)
        if result.rate > best?.rate ?? 0 { best = result }
      }
      guard let best else { continue }
      print(
        "\(width) at once: \(Int(best.rate)) settled requests/s, \(Int(best.cpu)) µs of CPU each; "
          + "a settlement takes \(best.settle.line) ms.")
    }
    let (open, settle) = try await paced(perSecond: 1000, seconds: 10)
    print(
      "At 1,000 requests/s: the intent takes \(open.line) ms, the settlement \(settle.line) ms.")
  }

  /// Times in milliseconds.
  struct Times {
    private(set) var values: [Double]

    init(_ values: [Double]) { self.values = values.sorted() }

    func quantile(_ share: Double) -> Double {
      values.isEmpty ? 0 : values[min(values.count - 1, Int(Double(values.count) * share))]
    }

    var line: String {
      [("p50", 0.5), ("p99", 0.99), ("most", 1)]
        .map { String(format: "\($0.0) %.3f", quantile($0.1)) }.joined(separator: ", ")
    }
  }

  private func meter(_ name: String) throws -> (Meter, Principal, ModelID) {
    var configuration = MeterConfiguration(folder: "\(folder)/\(name)")
    configuration.keyLimits = LimitRule()
    let meter = try Meter(configuration)
    guard let label = ShortName("bench"), let model = ShortName("instant") else { exit(1) }
    let key = try meter.store.createKey(label: label)
    let number = try meter.modelID(model)
    if let prices = Prices(input: 200_000, output: 800_000) {
      _ = try meter.store.publishPrices(prices, model: number)
    }
    meter.refreshKeys()
    return (meter, try meter.authenticate(key.text), number)
  }

  /// So many clients, each of which asks again as soon as it is settled.
  private func asFastAsPossible(
    width: Int, round: Int
  ) async throws -> (rate: Double, settle: Times, cpu: Double) {
    let (meter, who, model) = try meter("wide-\(width)-\(round)")
    let clock = ContinuousClock()
    let start = clock.now
    let cpu = clockTime()
    let end = start + .seconds(3)
    let (count, times) = try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
      for _ in 0..<width {
        group.addTask {
          var times: [Double] = []
          var count = 0
          while clock.now < end {
            let times2 = try await Self.request(meter, who, model)
            if count % 16 == 0 { times.append(times2.settle) }
            count += 1
          }
          return (count, times)
        }
      }
      return try await group.reduce(into: (0, [])) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
    }
    let seconds =
      Double((clock.now - start).components.seconds)
      + Double((clock.now - start).components.attoseconds) * 1e-18
    let used = clockTime() - cpu
    let month = UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
    let sums = try meter.store.sums(month: month)
    try await meter.close()
    guard sums.events == sums.rollups, sums.events.requests == count else {
      fatalError("the ledger does not hold what was settled")
    }
    return (Double(count) / seconds, Times(times), used / Double(count) * 1e6)
  }

  /// Requests that come at a steady rate, whatever becomes of those before them.
  private func paced(perSecond: Int, seconds: Int) async throws -> (open: Times, settle: Times) {
    let (meter, who, model) = try meter("paced")
    let clock = ContinuousClock()
    let start = clock.now
    let all = try await withThrowingTaskGroup(of: (open: Double, settle: Double).self) { group in
      for number in 0..<(perSecond * seconds) {
        try await clock.sleep(until: start + .seconds(1) * number / perSecond, tolerance: .zero)
        group.addTask { try await Self.request(meter, who, model) }
      }
      return try await group.reduce(into: [(open: Double, settle: Double)]()) { $0.append($1) }
    }
    try await meter.close()
    return (Times(all.map(\.open)), Times(all.map(\.settle)))
  }

  /// One request, and how long its two waits took, in milliseconds.
  private static func request(
    _ meter: Meter, _ who: Principal, _ model: ModelID
  ) async throws -> (open: Double, settle: Double) {
    let clock = ContinuousClock()
    let lease = try meter.admit(
      who,
      AdmissionRequest(
        model: model, kind: .chat, promptTokens: 300, maxCompletionTokens: 100,
        contextLeft: 4096))
    let begun = clock.now
    try await lease.opened()
    let opened = clock.now
    try await lease.settle(
      Settlement(
        usage: TokenUsage(promptTokens: 300, completionTokens: 100), status: .completed,
        httpStatus: 200, latency: .milliseconds(5), timeToFirstToken: .milliseconds(1)))
    return (milliseconds(opened - begun), milliseconds(clock.now - opened))
  }

  private static func milliseconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) * 1e-15
  }

  /// Seconds of processor time of this process.
  private func clockTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// What the disk itself takes for the least that a commit is.
  private func syncTimes() -> Times {
    let file = open(folder + "/sync", O_WRONLY | O_CREAT, 0o600)
    defer { close(file) }
    let block = [UInt8](repeating: 7, count: 4096)
    let clock = ContinuousClock()
    return Times(
      (0..<500).map { _ in
        Self.milliseconds(
          clock.measure {
            _ = write(file, block, block.count)
            fdatasync(file)
          })
      })
  }
}
