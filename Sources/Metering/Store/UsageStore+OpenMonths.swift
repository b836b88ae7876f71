// Months that nobody has billed: what they come to, and what stands in the way of a bill.

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

/// What is wrong with the bill of a month that is still to be issued.
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

  /// What is wrong with the bills of all accounts that are still to be issued.
  ///
  /// - Parameter only: months to look at; nil for all.
  package func draftFaults(only: [UTCMonth]? = nil) throws(UsageStoreError) -> [DraftFault] {
    var faults: [DraftFault] = []
    for account in try accounts() {
      do throws(UsageStoreError) {
        faults += try openMonths(of: account.id, only: only).compactMap(\.fault)
      } catch {
        // What cannot be read is a fault of its own, and hides nobody else's.
        let month = UTCMonth(wallMilliseconds: clock.wallMilliseconds())
        faults.append(
          DraftFault(account: account.id, month: month, isBillable: false, text: error.message))
      }
    }
    return faults
  }

  /// The months that an account has no invoice of, with their drafts, oldest first.
  func openMonths(
    of account: AccountID, only: [UTCMonth]? = nil
  ) throws(UsageStoreError) -> [OpenMonth] {
    let issued = try issuedInvoices(of: account)
    let billed = Set(issued.map(\.month))
    // A month of the billing's zone reaches into the files beside its own.
    let months = Set(try months().flatMap { [$0.previous, $0, $0.next] })
    return months.sorted().filter {
      !billed.contains($0.description) && only?.contains($0) != false
    }.map { month in
      OpenMonth(
        account: account, month: month,
        draft: Result { try draftInvoice(account: account, month: month, issued: issued) })
    }
  }
}
