// What the tests of the module share: clocks to hold, folders to throw away, a meter on both.

import FoundationEssentials
import Metering
import Synchronization
import Testing

/// Clocks that stand still until they are moved.
final class HandClock: Sendable {
  private let monotonic = Mutex<Int64>(1_000_000_000)
  private let wall: Mutex<Int64>

  /// A moment in November 2026.
  static let usualStart: Int64 = 1_795_316_400_000

  init(wallMilliseconds: Int64) { wall = Mutex(wallMilliseconds) }

  var clock: MeterClock {
    MeterClock(
      monotonicNanoseconds: { self.monotonic.withLock { $0 } },
      wallMilliseconds: { self.wall.withLock { $0 } })
  }

  /// Moves both clocks.
  func advance(_ duration: Duration) {
    let parts = duration.components
    let nanoseconds = parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    monotonic.withLock { $0 += nanoseconds }
    wall.withLock { $0 += nanoseconds / 1_000_000 }
  }

  /// Moves the wall clock alone, either way.
  func jump(wallMilliseconds: Int64) { wall.withLock { $0 += wallMilliseconds } }
}

/// A data folder that goes away with this object.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.path + "/apus-metering-\(UUID().uuidString)"
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// A meter in a folder of its own, on clocks that stand still.
struct MeterBench {
  let folder = TemporaryFolder()
  let clock: HandClock
  let meter: Meter
  let model: ModelID

  init(
    ledger: (any UsageLedger)? = nil, start: Int64 = HandClock.usualStart,
    _ change: (inout MeterConfiguration) -> Void = { _ in }
  ) throws {
    clock = HandClock(wallMilliseconds: start)
    var configuration = MeterConfiguration(folder: folder.path)
    configuration.clock = clock.clock
    // Tests look for changed keys themselves.
    configuration.keyCheckInterval = .seconds(3600)
    change(&configuration)
    meter = try Meter(configuration, ledger: ledger)
    model = try meter.modelID(name("tiny"))
  }

  /// Makes a key as another process would, and lets the meter see it.
  func key(limits: LimitRule? = nil) throws -> NewKey {
    let store = try UsageStore(folder: folder.path, mode: .administering, clock: clock.clock)
    let key = try store.createKey(label: name("test"), limits: limits)
    try store.close()
    meter.refreshKeys()
    return key
  }

  /// A chat request of some tokens.
  func request(prompt: Int64 = 10, most: Int64? = nil) -> AdmissionRequest {
    AdmissionRequest(
      model: model, kind: .chat, promptTokens: prompt, maxCompletionTokens: most,
      contextLeft: 4096)
  }

  /// What a killed process leaves: a folder with what the files hold at this moment.
  func crashed() throws -> TemporaryFolder {
    let crashed = TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: crashed.path, withIntermediateDirectories: true)
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where !file.hasSuffix("-shm") {
      try FileManager.default.copyItem(
        atPath: "\(folder.path)/\(file)", toPath: "\(crashed.path)/\(file)")
    }
    return crashed
  }

  /// The rows of the month in which the clock stands.
  func rows() throws -> [UsageRow] {
    try meter.store.usageRows(
      month: UTCMonth(wallMilliseconds: clock.clock.wallMilliseconds()), limit: 100_000)
  }
}

extension MeterBench {
  /// Five hundred answers side by side, each of which goes on for as long as it is paid for.
  ///
  /// - Parameter refusal: what those are told that come too late.
  /// - Returns: all tokens that were generated.
  func fiveHundredStreams(_ who: Principal, refusal: MeterError.Code) async throws -> Int64 {
    try await withThrowingTaskGroup(of: Int64.self) { group in
      for _ in 0..<500 {
        group.addTask {
          let lease: MeterLease
          do throws(MeterError) {
            lease = try meter.admit(
              who,
              AdmissionRequest(model: model, kind: .chat, promptTokens: 100, contextLeft: 100_000))
          } catch {
            #expect(error.code == refusal)
            return 0
          }
          var tokens: Int64 = 0
          repeat {
            tokens += 1
            if tokens % 16 == 0 { await Task.yield() }
          } while lease.advance(completionTokens: tokens) == .proceed
          try await lease.settle(
            Settlement(
              usage: TokenUsage(promptTokens: 100, completionTokens: tokens),
              status: .stoppedByBudget, httpStatus: 200, latency: .seconds(1)))
          return tokens
        }
      }
      return try await group.reduce(0, +)
    }
  }
}

/// Statements that undo the sixteenth step of `meter.db`, for folders of versions before it.
let withoutCorrections = """
  DROP TABLE waived_month;
  DROP INDEX invoice_is_issued_once;
  ALTER TABLE invoice DROP COLUMN replaces;
  CREATE UNIQUE INDEX invoice_is_issued_once ON invoice (account_id, month)
    WHERE credits IS NULL;
  ALTER TABLE warning DROP COLUMN notice_id;
  ALTER TABLE warning DROP COLUMN spent_ms;
  """

/// A short name that is known to be one.
func name(_ text: String) -> ShortName {
  guard let name = ShortName(text) else { preconditionFailure("'\(text)' is no short name") }
  return name
}

/// A settlement of a chat that went well.
func completed(prompt: Int64 = 10, completion: Int64 = 5) -> Settlement {
  Settlement(
    usage: TokenUsage(promptTokens: prompt, completionTokens: completion), status: .completed,
    httpStatus: 200, latency: .milliseconds(7), timeToFirstToken: .milliseconds(2))
}

/// The refusal that `body` throws, nil where it throws none.
func refusal(_ body: () throws(MeterError) -> Void) -> MeterError? {
  do throws(MeterError) {
    try body()
    return nil
  } catch { return error }
}
