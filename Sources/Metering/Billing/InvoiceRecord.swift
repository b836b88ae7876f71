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
  /// The end of the day on which it is due.
  package let dueMilliseconds: Int64
  /// SHA-256 of the frozen bytes.
  package let hash: [UInt8]
  package let paidCents: Int64
  /// What is not owed because lines are disputed: undecided, or decided for the customer and not
  /// taken back yet. Their tax is rounded once, as on the invoice.
  package let disputedCents: Int64
  /// The credit note that took it back, or some of its lines.
  package let creditedBy: String?
  /// How much of it was taken back.
  package let creditedCents: Int64

  /// What can still be paid of it.
  package var owedCents: Int64 {
    document.kind == .invoice ? max(0, document.grossCents - creditedCents - paidCents) : 0
  }

  /// What has to be paid now: not what is disputed.
  package var openCents: Int64 { max(0, owedCents - disputedCents) }

  /// Where it stands at a moment.
  package func state(at wallMilliseconds: Int64) -> InvoiceState {
    if document.kind == .creditNote || (creditedBy != nil && creditedCents >= document.grossCents) {
      return .credited
    }
    if openCents > 0, wallMilliseconds >= dueMilliseconds { return .overdue }
    if disputedCents > 0 { return .disputed }
    return openCents == 0 ? .paid : .issued
  }

  static let select = """
    SELECT *, (SELECT coalesce(sum(cents), 0) FROM payment WHERE invoice_id = invoice.id) AS paid,
      (SELECT group_concat(line) FROM dispute WHERE invoice_id = invoice.id
        AND dispute.state IN (\(DisputeState.open.rawValue), \(DisputeState.upheld.rawValue)))
        AS disputed,
      (SELECT number FROM invoice AS note WHERE note.credits = invoice.id) AS credited_by,
      (SELECT gross_cents FROM invoice AS note WHERE note.credits = invoice.id) AS credited_cents,
      (SELECT document FROM invoice AS note WHERE note.credits = invoice.id) AS note
    FROM invoice
    """

  /// The row.
  ///
  /// - Throws: ``UsageStoreError``: `corrupt` where the document is not the one that was issued.
  init(_ row: Row) throws {
    let bytes = [UInt8](row["document"] as Data)
    let hash = [UInt8](row["hash"] as Data)
    let noteBytes = (row["note"] as Data?).map { [UInt8]($0) }
    let note = noteBytes.flatMap { try? InvoiceDocument(encoded: $0) }
    guard LibCrypto.sha256(bytes) == hash, let document = try? InvoiceDocument(encoded: bytes),
      (note == nil) == (noteBytes == nil)
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
    let credited = Set(note?.lines.map(\.number) ?? [])
    let disputed = Set(
      (row["disputed"] as String? ?? "").split(separator: ",").compactMap { Int($0) })
    disputedCents =
      document.grossCents(ofLines: credited.union(disputed))
      - document.grossCents(ofLines: credited)
    creditedBy = row["credited_by"]
    creditedCents = row["credited_cents"] ?? 0
  }
}

/// What became of a dispute.
package enum DisputeState: Int64, Sendable, CaseIterable {
  case open = 1
  /// The customer was right: take the line back. Until then it is not owed.
  case upheld = 2
  case rejected = 3
  /// A credit note has taken the line back.
  case credited = 4
}

/// A line that a customer does not agree with.
package struct DisputeRecord: Hashable, Sendable {
  package let id: Int64
  package let number: String
  package let line: Int
  /// What the line comes to with its tax, in itself.
  package let cents: Int64
  package let state: DisputeState
  package let openedMilliseconds: Int64
}
