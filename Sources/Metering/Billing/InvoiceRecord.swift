// An issued invoice and what became of it.

import FoundationEssentials
import GRDB

/// Where an invoice stands.
package enum InvoiceState: String, Sendable {
  case issued, overdue, disputed, paid, credited
}

/// An issued document with its payments, disputes and credit notes.
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
  /// The part of it that was decided for the customer.
  package let upheldCents: Int64
  /// The credit notes that took it back, or some of its lines, oldest first.
  package let creditedBy: [String]
  /// The lines that were taken back.
  package let creditedLines: Set<Int>
  /// How much of it was taken back.
  package let creditedCents: Int64

  /// What is left of it: neither paid nor taken back.
  package var owedCents: Int64 {
    document.kind == .invoice ? max(0, document.grossCents - creditedCents - paidCents) : 0
  }

  /// What was paid beyond what is left after credit notes: it belongs to the customer.
  package var overpaidCents: Int64 {
    document.kind == .invoice ? max(0, paidCents + creditedCents - document.grossCents) : 0
  }

  /// What has to be paid now: not what is disputed.
  package var openCents: Int64 { max(0, owedCents - disputedCents) }

  /// What can be paid now: disputed lines before they are decided, but not those that the customer
  /// was right about.
  package var payableCents: Int64 { max(0, owedCents - upheldCents) }

  /// Whether credit notes took all of it back: its month has no invoice then.
  package var isTakenBack: Bool { !creditedBy.isEmpty && creditedCents >= document.grossCents }

  /// Where it stands at a moment.
  package func state(at wallMilliseconds: Int64) -> InvoiceState {
    if document.kind == .creditNote || isTakenBack { return .credited }
    if openCents > 0, wallMilliseconds >= dueMilliseconds { return .overdue }
    if disputedCents > 0 { return .disputed }
    return openCents == 0 ? .paid : .issued
  }

  static let select = """
    SELECT *, (SELECT coalesce(sum(cents), 0) FROM payment WHERE invoice_id = invoice.id) AS paid,
      (SELECT group_concat(line) FROM dispute WHERE invoice_id = invoice.id
        AND dispute.state = \(DisputeState.open.rawValue)) AS disputed,
      (SELECT group_concat(line) FROM dispute WHERE invoice_id = invoice.id
        AND dispute.state = \(DisputeState.upheld.rawValue)) AS upheld,
      -- An invoice and its credit notes are a chain: each names the one before it.
      CASE WHEN credits IS NULL THEN (
        WITH RECURSIVE taken (id, document) AS (
          SELECT note.id, note.document FROM invoice AS note WHERE note.credits = invoice.id
          UNION ALL
          SELECT note.id, note.document FROM invoice AS note JOIN taken ON note.credits = taken.id)
        SELECT group_concat(CAST(document AS TEXT)) FROM (SELECT document FROM taken ORDER BY id)
      ) END AS notes
    FROM invoice
    """

  /// The row.
  ///
  /// - Throws: ``UsageStoreError``: `corrupt` where the document is not the one that was issued.
  init(_ row: Row) throws {
    let bytes = [UInt8](row["document"] as Data)
    let hash = [UInt8](row["hash"] as Data)
    let notes = try? JSONDecoder().decode(
      [InvoiceDocument].self, from: Data("[\(row["notes"] as String? ?? "")]".utf8))
    guard LibCrypto.sha256(bytes) == hash, let document = try? InvoiceDocument(encoded: bytes),
      let notes
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
    let credited = Set(notes.flatMap(\.lines).map(\.number))
    let (disputed, upheld) = (
      Self.lines(row["disputed"] as String?), Self.lines(row["upheld"] as String?)
    )
    func cents(_ lines: Set<Int>) -> Int64 {
      document.grossCents(ofLines: credited.union(lines)) - document.grossCents(ofLines: credited)
    }
    disputedCents = cents(disputed.union(upheld))
    upheldCents = cents(upheld)
    creditedBy = notes.map(\.number)
    creditedLines = credited
    creditedCents = notes.reduce(0) { $0 + $1.grossCents }
  }

  private static func lines(_ list: String?) -> Set<Int> {
    Set((list ?? "").split(separator: ",").compactMap { Int($0) })
  }
}

/// A payment of an invoice as it was noted.
package struct PaymentRecord: Hashable, Sendable {
  /// The most that is noted at a time: a hundred million euros.
  static let limitCents: Int64 = 10_000_000_000

  package let id: Int64
  /// Below zero for what went back.
  package let cents: Int64
  package let notedMilliseconds: Int64
  /// When the money moved, by the bank.
  package let paidMilliseconds: Int64
  package let reference: String
  /// The payment that it takes back.
  package let reverses: Int64?
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
