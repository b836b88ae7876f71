// One node: a meter on a folder of its own, and its way to the central ledger.

#if PostgreSQL
  import Foundation
  import Metering

  struct Node {
    let folder: String
    let name: ShortName
    let ledger: PostgreSQLLedger

    init(_ arguments: [String]) throws {
      guard arguments.count == 5, let name = ShortName(arguments[4]) else { exit(64) }
      folder = arguments[3] + "/" + name.text
      self.name = name
      ledger = PostgreSQLLedger(arguments[2])
    }

    /// Four clients, and a fifth that brings what they leave to the ledger. A client's line in the
    /// journal is written by one call of the system and has 64 bytes, so that none crosses a page of
    /// the file: a kill may end that call between two pages, but not within one.
    func serve() async throws {
      let (meter, model) = try open()
      let journal = Glibc.open("\(folder)/journal", O_WRONLY | O_CREAT | O_APPEND, 0o600)
      check(journal >= 0, "the journal cannot be opened")
      let outbox = Outbox(store: meter.store, ledger: ledger, node: name)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 {
          group.addTask {
            for count in 1... as PartialRangeFrom<Int64> {
              let lease = try meter.admit(
                .local,
                AdmissionRequest(
                  model: model, kind: .chat, promptTokens: count, contextLeft: 1000))
              let id = lease.requestID
              try await lease.opened()
              try await lease.settle(
                Settlement(
                  usage: TokenUsage(promptTokens: count, completionTokens: count % 97),
                  status: count % 5 == 0 ? .failed : .completed, httpStatus: 200,
                  latency: .milliseconds(1)))
              let line = Array("\(id)\(String(repeating: " ", count: 27))\n".utf8)
              _ = write(journal, line, line.count)
            }
          }
        }
        group.addTask {
          while true {
            // A connection that was cut is no end: the events wait.
            do { _ = try outbox.push() } catch is CentralLedgerError {}
            await Task.yield()
          }
        }
        try await group.waitForAll()
      }
    }

    /// Brings what is left, as a node does after a restart.
    func flush() async throws {
      let (meter, _) = try open()
      _ = try Outbox(store: meter.store, ledger: ledger, node: name).push()
      check(try meter.store.outboxCount() == 0, "something was left in the outbox")
      try await meter.close()
    }

    private func open() throws -> (Meter, ModelID) {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let meter = try Meter(MeterConfiguration(folder: folder + "/data"))
      guard let model = ShortName("tiny") else { exit(64) }
      return (meter, try meter.modelID(model))
    }
  }
#endif
