// An issued invoice and what became of it.

import FoundationEssentials
import GRDB

/// Where an invoice stands.
package enum InvoiceState: String, Sendable {
  case issued, overdue, disputed, paid, credited
}

/// An issued document with its payments, disputes and credit note.
package struct InvoiceRecord: Hashable, Sendable {
  let id: Int64
  package let account: AccountID
  package let document: InvoiceDocument
  package let issuedMilliseconds: Int64
  package let dueMilliseconds: Int64
  /// SHA-256 of the frozen bytes.
  package let hash: [UInt8]
  package let paidCents: Int64
  /// The part that is disputed and undecided.
  package let disputedCents: Int64
  /// The credit note that took it back.
  package let creditedBy: String?

  /// What has to be paid now: nothing where it was taken back, and not what is disputed.
  package var openCents: Int64 {
    guard document.kind == .invoice, creditedBy == nil else { return 0 }
    return max(0, document.grossCents - paidCents - disputedCents)
  }

  /// Where it stands at a moment.
  package func state(at wallMilliseconds: Int64) -> InvoiceState {
    if creditedBy != nil || document.kind == .creditNote { return .credited }
    if openCents > 0, wallMilliseconds >= dueMilliseconds { return .overdue }
    if disputedCents > 0 { return .disputed }
    return openCents == 0 ? .paid : .issued
  }

  static let select = """
    SELECT *, (SELECT coalesce(sum(cents), 0) FROM payment WHERE invoice_id = invoice.id) AS paid,
      (SELECT coalesce(sum(cents), 0) FROM dispute WHERE invoice_id = invoice.id
        AND dispute.state = \(DisputeState.open.rawValue)) AS disputed,
      (SELECT number FROM invoice AS note WHERE note.credits = invoice.id) AS credited_by
    FROM invoice
    """

  /// The row.
  ///
  /// - Throws: ``UsageStoreError``: `corrupt` where the document is not the one that was issued.
  init(_ row: Row) throws {
    let bytes = [UInt8](row["document"] as Data)
    let hash = [UInt8](row["hash"] as Data)
    guard LibCrypto.sha256(bytes) == hash, let document = try? InvoiceDocument(encoded: bytes)
    else {
      throw UsageStoreError(
        .corrupt, "an invoice is not what was issued: restore meter.db from a backup")
    }
    id = row["id"]
    account = AccountID(rawValue: row["account_id"])
    self.document = document
    issuedMilliseconds = row["issued_ms"]
    dueMilliseconds = row["due_ms"]
    self.hash = hash
    paidCents = row["paid"]
    disputedCents = row["disputed"]
    creditedBy = row["credited_by"]
  }
}

/// What became of a dispute.
package enum DisputeState: Int64, Sendable, CaseIterable {
  case open = 1
  /// The customer was right: take the invoice back.
  case upheld = 2
  case rejected = 3
}

/// A line that a customer does not agree with.
package struct DisputeRecord: Hashable, Sendable {
  package let id: Int64
  package let number: String
  package let line: Int
  package let cents: Int64
  package let state: DisputeState
  package let openedMilliseconds: Int64
}
