// The file of what is open, on a disk that loses power, refuses, and holds what others wrote.

import Foundation
import Metering
import Synchronization
import Testing

/// A disk in memory: what was written outlives a process, what was forced outlives the power.
private final class MemoryDisk: OpeningDisk {
  struct Contents {
    var written: [UInt64]
    var forced: [UInt64]
    /// Sectors that were written and not forced.
    var dirty: Set<Int> = []
    var refusesWrites = false
    var refusesForcing = false
    var writeCount = 0
  }

  /// Words of a sector of 512 bytes, of which a disk writes all or none.
  static let sector = 64

  private let state: Mutex<Contents>
  var contents: Contents { state.withLock { $0 } }

  init(_ words: [UInt64] = []) { state = Mutex(Contents(written: words, forced: words)) }

  func refuse(writes: Bool = false, forcing: Bool = false) {
    state.withLock { ($0.refusesWrites, $0.refusesForcing) = (writes, forcing) }
  }

  func read(limit: Int) -> [UInt64] { Array(contents.written.prefix(limit)) }

  func write(_ image: [UInt64], _ range: Range<Int>) throws(UsageStoreError) {
    let isDone = state.withLock { state in
      guard !state.refusesWrites else { return false }
      state.writeCount += 1
      let missing = max(0, range.upperBound - state.written.count)
      state.written += Array(repeating: 0, count: missing)
      state.written.replaceSubrange(range, with: image[range])
      state.dirty.formUnion(range.map { $0 / Self.sector })
      return true
    }
    if !isDone { throw UsageStoreError(.diskFull, "full") }
  }

  func erase() { state.withLock { ($0.written, $0.forced, $0.dirty) = ([], [], []) } }

  /// As the system does it, an error forgets that sectors were not on the disk.
  func force() throws(UsageStoreError) {
    let isDone = state.withLock { state in
      defer { state.dirty = [] }
      guard !state.refusesForcing else { return false }
      Self.take(Array(state.dirty), of: state.written, to: &state.forced)
      return true
    }
    if !isDone { throw UsageStoreError(.inputOutput, "error") }
  }

  /// The disk after a power cut: some of what was not forced may have come to it.
  func afterPowerCut(_ generator: inout SeededGenerator) -> MemoryDisk {
    let contents = contents
    var words = contents.forced
    let lucky = contents.dirty.sorted().filter { _ in Bool.random(using: &generator) }
    Self.take(lucky, of: contents.written, to: &words)
    return MemoryDisk(words)
  }

  private static func take(_ sectors: [Int], of source: [UInt64], to words: inout [UInt64]) {
    for first in sectors.map({ $0 * sector }) {
      let range = first..<min(first + sector, source.count)
      words += Array(repeating: 0, count: max(0, range.upperBound - words.count))
      words.replaceSubrange(range, with: source[range])
    }
  }
}

/// The row of a request, told by a number from all others.
private func row(_ number: Int64) -> OpenRow {
  OpenRow(
    requestID: RequestID(high: UInt64(number) << 16 | 0x7000, low: UInt64(number)),
    startedMilliseconds: HandClock.usualStart + number, account: AccountID(rawValue: number + 1),
    key: KeyID(rawValue: number + 2), model: ModelID(rawValue: number + 3), kind: .embedding,
    price: PriceID(rawValue: number + 4), promptTokens: number + 5, role: .member,
    client: ClientTraits())
}

/// What a file left, by the requests' numbers: how far each had come. Its other words have to be those
/// that were written.
private func left(on disk: MemoryDisk) throws -> [Int64: Int64] {
  let records = try OpeningFile(disk: disk, keepsRole: true).left()
  return records.reduce(into: [:]) { left, record in
    let number = Int64(record.requestID.low)
    let row = row(number)
    #expect(
      record.requestID == row.requestID && record.startedMilliseconds == row.startedMilliseconds
        && record.account == row.account && record.key == row.key && record.model == row.model
        && record.kind == row.kind && record.price == row.price && record.role == .member
        && record.promptTokens == row.promptTokens)
    left[number] = record.completionTokens
  }
}

private func begun(_ disk: MemoryDisk) throws -> OpeningFile {
  let file = OpeningFile(disk: disk, keepsRole: true)
  try file.begin()
  return file
}

@Suite struct OpeningFileTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func afterAKillOrAPowerCutEveryRequestThatIsOpenIsThere(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let disk = MemoryDisk()
    let file = try begun(disk)
    var open: [Int64: (opening: Opening, tokens: Int64)] = [:]
    /// As things were when they were last forced, and what has been true at some time since.
    var forced: [Int64: Int64] = [:]
    var since: [Int64: Set<Int64>] = [:]
    for number in 0..<2000 as Range<Int64> {
      switch Int.random(in: 0..<8, using: &generator) {
      case 0...2:
        open[number] = (try file.open(row(number)), 0)
        since[number] = [0]
      case 3:
        guard let one = open.keys.sorted().randomElement(using: &generator) else { break }
        open[one]?.tokens += 256
        guard let now = open[one] else { break }
        file.note(now.opening, completionTokens: now.tokens)
        since[one, default: []].insert(now.tokens)
      case 4, 5:
        let some = open.keys.sorted().filter { _ in Int.random(in: 0..<32, using: &generator) == 0 }
        let openings = some.compactMap { open.removeValue(forKey: $0)?.opening }
        file.close(openings)
        // What has ended is noted and wiped no more, though its slot is another's.
        for opening in openings { file.note(opening, completionTokens: 7) }
        if Bool.random(using: &generator) { file.close(openings) }
      case 6:
        try file.force()
        forced = open.mapValues(\.tokens)
        since = forced.mapValues { [$0] }
      default:
        #expect(try left(on: MemoryDisk(disk.contents.written)) == open.mapValues(\.tokens))
        let kept = try left(on: disk.afterPowerCut(&generator))
        for one in forced.keys where open[one] != nil { #expect(kept[one] != nil) }
        for (one, tokens) in kept {
          #expect(since[one]?.contains(tokens) ?? (forced[one] == tokens))
        }
      }
    }
    #expect(open.count > 20)
    file.close(open.values.map(\.opening))
    // Behind the header nothing is left of anybody.
    #expect(disk.contents.written.dropFirst(16).allSatisfy { $0 == 0 })
  }

  @Test func theFileIsAsLargeAsThereWereRequestsAtOnce() throws {
    let disk = MemoryDisk()
    let file = try begun(disk)
    let size = disk.contents.written.count
    for round in 0..<3 as Range<Int64> {
      for number in 0..<1000 as Range<Int64> { file.close([try file.open(row(number + round))]) }
    }
    #expect(disk.contents.written.count == size)
    let all = try (0..<600 as Range<Int64>).map { try file.open(row($0)) }
    #expect(Set(all.map(\.slot)).count == 600)
    #expect(disk.contents.written.count == 16 + 3 * (size - 16))
    #expect(try left(on: disk).count == 600)
  }

  @Test func aRecordThatIsNotWholeIsLeftOutAndTakesNoneWithIt() throws {
    let disk = MemoryDisk()
    let file = try begun(disk)
    let openings = try (1...3 as ClosedRange<Int64>).map { try file.open(row($0)) }
    for opening in openings { file.note(opening, completionTokens: 512) }
    let words = disk.contents.written
    for bit in 0..<16 * 64 {
      var damaged = words
      // The second record, behind the header and the first.
      damaged[32 + bit / 64] ^= 1 << UInt64(bit % 64)
      let kept = try left(on: MemoryDisk(damaged))
      #expect(kept[1] == 512 && kept[3] == 512)
      switch bit / 64 {
      case 0...10: #expect(kept[2] == nil)
      case 11...12: #expect(kept[2] == 0)
      default: #expect(kept[2] == 512)
      }
    }
    for count in 0..<70 {
      let kept = try left(on: MemoryDisk(Array(words.prefix(count))))
      #expect(kept.keys.sorted() == (1...3).filter { count >= ($0 + 1) * 16 })
    }
  }

  @Test func whatOthersWroteIsNoRequestAndIsOverwritten() throws {
    var generator = SeededGenerator(seed: 5)
    let disk = MemoryDisk((0..<5000).map { _ in generator.next() })
    #expect(try left(on: disk).isEmpty)
    let file = try begun(disk)
    _ = try file.open(row(1))
    #expect(try left(on: disk) == [1: 0])
    // A damaged header does not take the records with it.
    var words = disk.contents.written
    words.replaceSubrange(0..<16, with: (0..<16).map { _ in generator.next() })
    #expect(try left(on: MemoryDisk(words)) == [1: 0])
  }

  @Test func numbersThatNoRequestHasStopNoStart() throws {
    let disk = MemoryDisk()
    let file = try begun(disk)
    for (started, tokens) in [(-1, 1), (Int64.max, 1), (1, -1), (1, Int64.max), (Int64.min, 1)] {
      let one = row(1)
      _ = try file.open(
        OpenRow(
          requestID: one.requestID, startedMilliseconds: started, account: one.account,
          key: one.key, model: one.model, kind: one.kind, price: one.price, promptTokens: tokens,
          role: one.role, client: one.client))
    }
    #expect(try left(on: disk).isEmpty)
    let opening = try file.open(row(2))
    file.note(opening, completionTokens: .max)
    #expect(try left(on: disk) == [2: 0])
  }

  @Test func aFileOfANewerVersionIsRefusedAndLeftAlone() throws {
    let disk = MemoryDisk()
    _ = try begun(disk)
    var words = disk.contents.written
    words[1] = 2
    let newer = MemoryDisk(words)
    let error = #expect(throws: UsageStoreError.self) { _ = try left(on: newer) }
    #expect(error?.code == .newerSchema)
    #expect(newer.contents.written == words)
  }

  @Test func aDiskThatRefusesLosesNothingThatItTookAndIsCaughtUpWithLater() throws {
    var generator = SeededGenerator(seed: 8)
    let disk = MemoryDisk()
    let file = try begun(disk)
    let first = try file.open(row(1))
    let second = try file.open(row(2))
    try file.force()
    disk.refuse(writes: true)
    #expect(throws: UsageStoreError.self) { _ = try file.open(row(3)) }
    file.note(first, completionTokens: 256)
    file.close([second])
    // More slots than there are cannot be had either.
    #expect(throws: UsageStoreError.self) { _ = try file.open(row(4)) }
    #expect(throws: UsageStoreError.self) { try file.force() }
    disk.refuse()
    try file.force()
    #expect(try left(on: disk.afterPowerCut(&generator)) == [1: 256])

    // What was written before the disk refused to force it is written again.
    _ = try file.open(row(5))
    disk.refuse(forcing: true)
    #expect(throws: UsageStoreError.self) { try file.force() }
    disk.refuse()
    #expect(try left(on: disk.afterPowerCut(&generator)) == [1: 256])
    try file.force()
    #expect(try left(on: disk.afterPowerCut(&generator)) == [1: 256, 5: 0])
    let count = disk.contents.writeCount
    try file.force()
    #expect(disk.contents.writeCount == count)
  }

  @Test func whereTheFileCannotGrowRequestsAreRefusedUntilOthersEnd() throws {
    let disk = MemoryDisk()
    let file = try begun(disk)
    let all = try (0..<256 as Range<Int64>).map { try file.open(row($0)) }
    disk.refuse(writes: true)
    let error = #expect(throws: UsageStoreError.self) { _ = try file.open(row(256)) }
    #expect(error?.code == .diskFull)
    disk.refuse()
    file.close([all[17]])
    #expect(try file.open(row(300)).slot == all[17].slot)
    #expect(try file.open(row(301)).slot == 256)
    #expect(try left(on: disk).count == 257)
  }

  @Test func theFileOfAFolderIsItsOwnersAloneAndHoldsOnlyWhatIsOpen() async throws {
    let bench = try MeterBench()
    let path = bench.folder.path + "/openings"
    let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(rights == 0o600)
    func isKnown(_ id: RequestID) throws -> Bool {
      let bytes = [id.high, id.low].flatMap { word in
        withUnsafeBytes(of: word.littleEndian) { Array($0) }
      }
      return try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data(bytes)) != nil
    }
    let lease = try bench.meter.admit(.local, bench.request())
    let id = lease.requestID
    #expect(try !isKnown(id))
    try lease.open()
    #expect(try isKnown(id))
    try await lease.settle(completed())
    #expect(try !isKnown(id))
    try await bench.meter.close()
  }
}
