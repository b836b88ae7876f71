// This node's way to the ledger of several nodes, where the environment names one.

import Foundation
import Logging
import Metering
import Transformer

/// Brings events to a central ledger.
struct NodeOutbox: Sendable {
  /// How often a server brings what it has.
  private static let interval = Duration.seconds(1)

  private let ledger: any CentralLedger
  private let node: ShortName

  /// The ledger that `APUS_POSTGRESQL` names; nil where it is not set. `APUS_NODE` is what it knows
  /// this node by, else the machine's name. Whether the ledger is there shows when events are brought.
  ///
  /// - Throws: `CommandError`, `CentralLedgerError`.
  init?(environment: [String: String]) throws {
    guard let settings = environment["APUS_POSTGRESQL"], !settings.isEmpty else { return nil }
    guard let node = ShortName(environment["APUS_NODE"] ?? ProcessInfo.processInfo.hostName) else {
      throw CommandError(
        .unusableEnvironment, "APUS_NODE must have 1 to 64 bytes and no control characters")
    }
    ledger = try CentralLedgers.postgreSQL(settings)
    self.node = node
  }

  /// Brings everything that is not there yet, and tells how many events were new.
  func push(_ store: UsageStore) throws -> Int {
    try Outbox(store: store, ledger: ledger, node: node).push()
  }

  /// Brings events while a server runs. What fails is tried again: the events wait in their files, and
  /// the log says so once.
  func run(_ store: UsageStore, logger: Logger) async {
    var isFailing = false
    while !Task.isCancelled {
      do {
        _ = try await onOwnThread { try push(store) }
        if isFailing { logger.info("the ledger of several nodes takes events again") }
        isFailing = false
      } catch {
        if !isFailing { logger.warning("events wait for the ledger of several nodes: \(error)") }
        isFailing = true
      }
      try? await Task.sleep(for: Self.interval)
    }
    _ = try? await onOwnThread { try push(store) }
  }
}
