// Months that nobody has billed: what they come to, and what stands in the way of a bill.

import GRDB

/// A month that an account has no invoice of.
struct OpenMonth {
  let account: AccountID
  let month: UTCMonth
  /// What it owes for it, or why nobody can say.
  let draft: Result<InvoiceDraft, any Error>

  var isOwed: Bool { (try? draft.get()).map { $0.grossCents > 0 } == true }

  /// What is wrong with its bill; nil where nothing is.
  var fault: DraftFault? {
    switch draft {
    case .failure(let error):
      let text = (error as? UsageStoreError)?.message ?? "\(error)"
      return DraftFault(account: account, month: month, isBillable: false, text: text)
    case .success(let draft) where draft.notCharged > .zero:
      return DraftFault(
        account: account, month: month, isBillable: true,
        text:
          "its requests were charged \(draft.notCharged) EUR less than their units come to, and "
          + "so is its bill")
    case .success: return nil
    }
  }
}

/// What is wrong with the bill of a month: with one that is still to be issued, or with what came
/// behind one that was.
package struct DraftFault: Hashable, Sendable, CustomStringConvertible {
  package let account: AccountID
  package let month: UTCMonth
  /// Whether there is a bill all the same.
  package let isBillable: Bool
  package let text: String

  package var description: String { "account \(account.rawValue), \(month): \(text)" }
}

extension UsageStore {
  /// The months that an account owes for, and has no invoice of.
  package func unbilledMonths(of account: AccountID) throws -> [UTCMonth] {
    try openMonths(of: account).filter { try $0.draft.get().grossCents > 0 }.map(\.month)
  }

  /// What is wrong with the bills of all accounts that are still to be issued, and where invoices
  /// that were issued differ from the requests of their months.
  ///
  /// - Parameter only: months to look at; nil for all.
  package func draftFaults(only: [UTCMonth]? = nil) throws(UsageStoreError) -> [DraftFault] {
    var faults: [DraftFault] = []
    for account in try accounts() {
      do throws(UsageStoreError) {
        let (open, late) = try bills(of: account.id, only: only)
        faults += open.compactMap(\.fault) + late.flatMap(\.faults)
      } catch {
        // What cannot be read is a fault of its own, and hides nobody else's.
        let month = UTCMonth(wallMilliseconds: clock.wallMilliseconds())
        faults.append(
          DraftFault(account: account.id, month: month, isBillable: false, text: error.message))
      }
    }
    return faults
  }

  /// The months that an account has no invoice of and that were not given up, with their drafts,
  /// oldest first.
  func openMonths(of account: AccountID) throws(UsageStoreError) -> [OpenMonth] {
    try bills(of: account).open
  }

  /// The months that an account has no invoice of and that were not given up, with their drafts,
  /// and what came behind its invoices, each oldest first.
  ///
  /// - Parameter only: months to look at; nil for all.
  func bills(
    of account: AccountID, only: [UTCMonth]? = nil
  ) throws(UsageStoreError) -> (open: [OpenMonth], late: [LateUsage]) {
    let issued = try issuedInvoices(of: account)
    let late = try lateUsage(of: account, issued: issued, only: only)
    let billed = Set(issued.map(\.month))
    let waived = try waivedMonths(of: account)
    let months = try monthsOfFiles().union(late.filter { !$0.lines.isEmpty }.map(\.carrier))
    let open = months.sorted().filter {
      !billed.contains($0.description) && !waived.contains($0) && only?.contains($0) != false
    }.map { month in
      OpenMonth(
        account: account, month: month,
        draft: Result {
          try draftInvoice(account: account, month: month, issued: issued, late: late)
        })
    }
    return (open, late)
  }

  /// The months that files of events hold requests of: one of the billing's zone reaches into the
  /// files beside its own.
  func monthsOfFiles() throws(UsageStoreError) -> Set<UTCMonth> {
    Set(try months().flatMap { [$0.previous, $0, $0.next] })
  }

  /// The months of an account that nobody will be billed for.
  func waivedMonths(of account: AccountID) throws(UsageStoreError) -> Set<UTCMonth> {
    try read(doing: "read which months were given up") { db in
      Set(
        try String.fetchAll(
          db, sql: "SELECT month FROM waived_month WHERE account_id = ?",
          arguments: [account.rawValue]
        ).compactMap { UTCMonth($0) })
    }
  }

  /// Gives months of an account up, as a part of a transaction: no invoice of them is issued, and
  /// none is missing.
  func waive(_ months: [UTCMonth], of account: AccountID, in db: Database) throws {
    for month in months {
      try db.execute(
        sql: "INSERT OR IGNORE INTO waived_month VALUES (?, ?, ?)",
        arguments: [account.rawValue, month.description, clock.wallMilliseconds()])
      try note("invoice.waive", "account \(account.rawValue)", month.description, in: db)
    }
  }
}
