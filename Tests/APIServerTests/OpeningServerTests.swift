// No word leaves before the disk has that its request began, and a disk that refuses is told.

import FoundationEssentials
import JSON
import Metering
import Synchronization
import Testing

/// A ledger whose disk refuses openings in one of two ways.
private final class RefusingLedger: UsageLedger {
  enum Fault: Sendable { case open, force }

  private let fault: Fault
  private let rows = Mutex<[UsageRow]>([])
  var settled: [UsageRow] { rows.withLock { $0 } }

  init(_ fault: Fault) { self.fault = fault }

  func open(_ row: OpenRow) throws(UsageStoreError) -> Opening {
    if fault == .open { throw UsageStoreError(.diskFull, "full") }
    return Opening(slot: 0, requestID: row.requestID)
  }

  func note(_ opening: Opening, completionTokens: Int64) {}

  func forceOpenings() throws(UsageStoreError) {
    if fault == .force { throw UsageStoreError(.inputOutput, "refused") }
  }

  func close(_ openings: [Opening]) {}

  func commit(_ entries: [LedgerEntry]) {
    rows.withLock { rows in
      for case .settled(let row, _) in entries { rows.append(row) }
    }
  }
}

@Suite struct OpeningServerTests {
  private func serving(
    _ ledger: RefusingLedger, _ test: @escaping @Sendable (RunningServer) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("apus-server-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let meter = try Meter(MeterConfiguration(folder: folder), ledger: ledger)
    try await RunningServer.serving(meter: meter, test)
    try await meter.close()
  }

  @Test(arguments: [true, false])
  func anOpeningThatCannotBeWrittenRefusesTheRequest(isStreamed: Bool) async throws {
    let ledger = RefusingLedger(.open)
    try await serving(ledger) { server in
      let answer = try await server.chat(ChatCompletionTests.chat(["stream": .bool(isStreamed)]))
      #expect(answer.status == 503)
      #expect(try answer.errorCode == "server_is_overloaded")
      #expect(answer.headers["retry-after"] == "1")
    }
    #expect(ledger.settled.map(\.isBillable) == [false])
  }

  @Test func aStreamSaysNoWordWhoseOpeningIsNotOnTheDisk() async throws {
    let ledger = RefusingLedger(.force)
    try await serving(ledger) { server in
      // Of a whole answer nothing leaves before its end is there, so nobody waits for its opening.
      #expect(try await server.chat(ChatCompletionTests.chat).status == 200)
      let streamed = try await server.chat(ChatCompletionTests.chat(["stream": true]))
      #expect(streamed.status == 200)
      #expect(streamed.events.count == 1)
      let only = try JSONValue.parse(try #require(streamed.events.first))
      #expect(only["error"]?["code"] == "server_is_overloaded")
      // From now on nothing is taken in, until the disk is tried again.
      let later = try await server.chat(ChatCompletionTests.chat(["stream": true]))
      #expect(later.status == 503)
    }
    #expect(ledger.settled.map(\.isBillable) == [true, false])
    #expect(ledger.settled.last?.usage.completionTokens == 0)
  }
}
