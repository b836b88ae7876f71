// The right of a customer to have erased what is kept of them (Article 17 of Regulation 2016/679).

import FoundationEssentials
import GRDB

extension UsageStore {
  /// Erases who an account was: its names, addresses and mail, from the rows and from the bytes of
  /// the files. Numbers stay, and so do issued invoices, which the law wants to be kept.
  ///
  /// - Parameters:
  ///   - waivesUnbilled: whether what it owes for months without an invoice is given up: nobody could be
  ///     billed for it afterwards.
  ///   - keepsCredit: whether credit that it paid for in advance stays with the operator: nobody could
  ///     be paid back afterwards.
  /// - Throws: ``UsageStoreError``: `notFound`, or `wrongState` before the account is closed, while it
  ///   owes for such months, or while it has credit; ``InvoiceError``.
  package func erase(
    _ account: AccountID, waivesUnbilled: Bool = false, keepsCredit: Bool = false
  ) throws {
    guard let record = try accounts().first(where: { $0.id == account }) else {
      throw UsageStoreError(.notFound, "no account has the number \(account.rawValue)")
    }
    guard record.state == .closed else {
      throw UsageStoreError(
        .wrongState,
        "account \(account.rawValue) is \(record.state): close it before it is erased")
    }
    // A month that cannot be drawn up is given up too.
    let waived =
      waivesUnbilled
      ? try openMonths(of: account).filter { $0.isOwed || $0.fault != nil }.map(\.month) : []
    let unbilled = waivesUnbilled ? [] : try unbilledMonths(of: account)
    guard unbilled.isEmpty else {
      let months = unbilled.map(\.description).joined(separator: ", ")
      throw UsageStoreError(
        .wrongState,
        "account \(account.rawValue) has no invoice for \(months): issue it first, or say that it is "
          + "waived")
    }
    if !keepsCredit, let left = try creditLeft(of: account), left > .zero {
      throw UsageStoreError(
        .wrongState,
        "account \(account.rawValue) has \(left) EUR of credit: pay it back and take it off, or say that "
          + "it is kept")
    }
    try erasePersonal(of: account)
    try write(doing: "erase an account") { db in
      let own = "SELECT id FROM api_key WHERE account_id = ?"
      let id = account.rawValue
      // Earlier versions let others be called so: whoever is erased is not kept for that.
      var (name, number) = ("erased \(id)", 1)
      while try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM account WHERE name = ? AND id <> ?)",
        arguments: [name, id]) == true
      {
        number += 1
        name = "erased \(id)-\(number)"
      }
      for sql in [
        "DELETE FROM party WHERE account_id = ?",
        "DELETE FROM member WHERE account_id = ?",
        "DELETE FROM notice_delivery WHERE account_id = ?",
        // What it was told names its keys and says what happened.
        "DELETE FROM notice_delivery WHERE notice_id IN (SELECT id FROM notice WHERE account_id = ?)",
        "UPDATE notice SET title = 'erased', body = 'erased' WHERE account_id = ?",
        "DELETE FROM key_address WHERE key_id IN (\(own))",
        "UPDATE api_key SET label = 'erased' WHERE account_id = ?",
        "UPDATE ledger SET reference = '' WHERE account_id = ?",
        "UPDATE payment SET reference = '' WHERE invoice_id IN "
          + "(SELECT id FROM invoice WHERE account_id = ?)",
      ] { try db.execute(sql: sql, arguments: [id]) }
      try db.execute(
        sql: "UPDATE account SET name = ? WHERE id = ?", arguments: [name, id])
      try waive(waived, of: account, in: db)
      let remarks = [(waivesUnbilled, "unbilled is waived"), (keepsCredit, "credit is kept")]
      try note(
        "account.erase", "account \(id)",
        remarks.filter(\.0).map(\.1).joined(separator: ", "), in: db)
    }
    try wipe()
  }
}
