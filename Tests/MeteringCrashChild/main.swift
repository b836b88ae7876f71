// The program that the crash tests of metering kill, and whose disk they fill.
//
//   MeteringCrashChild serve FOLDER      serves until it is killed
//   MeteringCrashChild full-disk FOLDER  serves with room for some rows only, then with more
//   MeteringCrashChild bad-disk FOLDER   serves on a disk that refuses now and then
//   MeteringCrashChild open FOLDER       counts how often the disk is waited for

import Foundation
import Metering

/// What must hold did not; the tests see the exit code.
func check(_ holds: Bool, _ what: String) {
  guard !holds else { return }
  FileHandle.standardError.write(Data((what + "\n").utf8))
  exit(1)
}

func settlement(_ prompt: Int64) -> Settlement {
  Settlement(
    usage: TokenUsage(promptTokens: prompt, completionTokens: prompt % 97), status: .completed,
    httpStatus: 200, latency: .milliseconds(1))
}

func openMeter(
  _ folder: String, ledger: FaultyLedger? = nil
) throws -> (meter: Meter, model: ModelID) {
  let meter = try Meter(MeterConfiguration(folder: folder + "/data"), ledger: ledger)
  ledger?.use(meter.store)
  guard let name = ShortName("tiny") else { exit(1) }
  return (meter, try meter.modelID(name))
}

/// A line of the journal: 64 bytes with its end, so that none crosses a page of the file. One system call
/// writes it, and a kill may end that call between two pages, but not within one.
func journalLine(_ text: String) -> [UInt8] {
  let bytes = Array(text.utf8)
  check(bytes.count < 64, "a line of the journal is too long")
  return bytes + Array(repeating: UInt8(ascii: " "), count: 63 - bytes.count) + [UInt8(ascii: "\n")]
}

/// Eight clients, each of which notes every request in a journal whose beginning it saw, and whose end.
func serve(_ folder: String) async throws {
  let journal = open("\(folder)/journal", O_WRONLY | O_CREAT | O_APPEND, 0o600)
  check(journal >= 0, "the journal cannot be opened")
  let (meter, model) = try openMeter(folder)
  try await withThrowingTaskGroup(of: Void.self) { group in
    for worker in 0..<8 as Range<Int64> {
      group.addTask {
        for count in 1... as PartialRangeFrom<Int64> {
          let lease = try meter.admit(
            .local,
            AdmissionRequest(model: model, kind: .chat, promptTokens: count, contextLeft: 1000))
          let id = lease.requestID
          try await lease.opened()
          let begun = journalLine("\(id)")
          _ = write(journal, begun, begun.count)
          if (count + worker) % 3 == 0 { _ = lease.advance(completionTokens: 300) }
          try await lease.settle(settlement(count))
          let line = journalLine("\(id) \(count)")
          _ = write(journal, line, line.count)
        }
      }
    }
    try await group.waitForAll()
  }
}

/// Files may grow to 256 KiB first; then the limit goes, and service comes back.
func serveOnAFullDisk(_ folder: String) async throws {
  signal(SIGXFSZ, SIG_IGN)
  let (meter, model) = try openMeter(folder)
  let request = AdmissionRequest(model: model, kind: .chat, promptTokens: 7, contextLeft: 1000)
  var seen = Set<RequestID>()
  func serveOne() async throws(MeterError) {
    let lease = try meter.admit(.local, request)
    let id = lease.requestID
    try await lease.opened()
    try await lease.settle(settlement(7))
    seen.insert(id)
  }
  try await serveOne()
  let wide = fileSizeLimit(256 << 10)
  var refusal: MeterError?
  while refusal == nil {
    do throws(MeterError) { try await serveOne() } catch { refusal = error }
    check(seen.count < 100_000, "the disk never filled up")
  }
  check(refusal == .serverIsOverloaded(), "the refusal is not that the server is overloaded")
  _ = fileSizeLimit(wide)
  let before = seen.count
  // The disk is tried again a second later.
  while seen.count == before {
    do throws(MeterError) { try await serveOne() } catch { await Task.yield() }
  }
  try await compare(meter, folder, with: seen)
}

/// Each kind of fault of the disk, several times, while requests come; service comes back each time.
func serveOnABadDisk(_ folder: String) async throws {
  FaultyDisk.install()
  let (meter, model) = try openMeter(folder, ledger: FaultyLedger())
  let request = AdmissionRequest(model: model, kind: .chat, promptTokens: 7, contextLeft: 1000)
  var seen = Set<RequestID>()
  var refusals = 0
  func serveOne() async {
    do throws(MeterError) {
      let lease = try meter.admit(.local, request)
      let id = lease.requestID
      try await lease.opened()
      try await lease.settle(settlement(7))
      seen.insert(id)
    } catch {
      check(error == .serverIsOverloaded(), "the refusal is not that the server is overloaded")
      refusals += 1
    }
  }
  for fault in FaultyDisk.Fault.allCases.dropFirst() {
    for _ in 0..<20 { await serveOne() }
    FaultyDisk.set(fault)
    let before = (seen.count, refusals)
    while refusals < before.1 + 3 { await serveOne() }
    check(seen.count == before.0, "a request was told a good end that the disk refused")
    FaultyDisk.set(.none)
    // The disk is tried again a second later.
    while seen.count == before.0 { await serveOne() }
  }
  try await compare(meter, folder, with: seen)
}

/// What is opened is forced to the disk once, by itself and in no transaction; its end is one commit.
func countForcing(_ folder: String) async throws {
  FaultyDisk.install()
  let ledger = FaultyLedger()
  let (meter, model) = try openMeter(folder, ledger: ledger)
  let request = AdmissionRequest(model: model, kind: .chat, promptTokens: 7, contextLeft: 1000)
  let first = try meter.admit(.local, request)
  var seen: Set<RequestID> = [first.requestID]
  try await first.settle(settlement(7))
  for _ in 0..<20 {
    let before = (commits: FaultyDisk.syncCount, openings: ledger.forcedCount)
    let lease = try meter.admit(.local, request)
    seen.insert(lease.requestID)
    try lease.open()
    check(ledger.forcedCount == before.openings, "an opening that nobody waits for was forced")
    for _ in 0..<2 {
      try await lease.opened()
      check(ledger.forcedCount == before.openings + 1, "an opening was not forced once")
    }
    check(FaultyDisk.syncCount == before.commits, "an opening has waited for a transaction")
    try await lease.settle(settlement(7))
    check(FaultyDisk.syncCount == before.commits + 1, "an end is not one commit")
    check(ledger.forcedCount == before.openings + 1, "an end has forced openings")
  }
  try await compare(meter, folder, with: seen)
}

/// The ledger charges those requests whose end its clients saw, and no others.
func compare(_ meter: Meter, _ folder: String, with seen: Set<RequestID>) async throws {
  try await meter.close()
  let store = try UsageStore(folder: folder + "/data", mode: .administering)
  let month = UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
  let rows = try store.usageRows(month: month, limit: .max)
  let charged = rows.filter { $0.isBillable }.map(\.requestID)
  check(
    Set(charged) == seen && charged.count == seen.count,
    "charged are other requests than clients saw end")
  let (events, rollups) = try store.sums(month: month)
  check(events == rollups, "rows and sums differ")
}

/// Sets how large this process's files may become, and gives what it was before.
func fileSizeLimit(_ bytes: rlim_t) -> rlim_t {
  #if canImport(Glibc)
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
  #else
    let resource = RLIMIT_FSIZE
  #endif
  var limit = rlimit()
  getrlimit(resource, &limit)
  let before = limit.rlim_cur
  limit.rlim_cur = bytes
  check(setrlimit(resource, &limit) == 0, "the limit of file sizes cannot be set")
  return before
}

let arguments = CommandLine.arguments
switch arguments.count == 3 ? arguments[1] : "" {
case "serve": try await serve(arguments[2])
case "full-disk": try await serveOnAFullDisk(arguments[2])
case "open": try await countForcing(arguments[2])
case "bad-disk": try await serveOnABadDisk(arguments[2])
default: check(false, "usage: MeteringCrashChild serve|full-disk|bad-disk|open FOLDER")
}
