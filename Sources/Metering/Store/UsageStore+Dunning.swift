// What happens where an invoice is not paid: a reminder, a warning, a suspension.

import GRDB

/// A step towards stopping an account that does not pay. None is left out.
package enum DunningStage: Int64, Sendable, CaseIterable, Comparable {
  case reminder = 1
  case warning = 2
  case suspension = 3

  /// Days after the due date from which on the step is taken.
  package var days: Int64 {
    switch self {
    case .reminder: 1
    case .warning: 14
    case .suspension: 28
    }
  }

  package static func < (left: DunningStage, right: DunningStage) -> Bool {
    left.rawValue < right.rawValue
  }
}

extension UsageStore {
  private static let day: Int64 = 86_400_000

  /// Takes the steps that overdue invoices have come to: one step an invoice and call, each no
  /// sooner than a week after the one before, so that nobody is stopped without a warning and time
  /// to answer it. An account that is stopped for something else comes to its last step when it
  /// goes on. Each step goes to who is billed too, with the invoice.
  ///
  /// - Returns: what was done, by the number of the invoice.
  package func dun() throws(UsageStoreError) -> [(number: String, stage: DunningStage)] {
    let now = clock.wallMilliseconds()
    var done: [(number: String, stage: DunningStage)] = []
    for invoice in try invoices() where invoice.state(at: now) == .overdue {
      let steps = try read(doing: "read reminders") {
        try Row.fetchAll(
          $0, sql: "SELECT stage, at_ms FROM dunning WHERE invoice_id = ? ORDER BY stage",
          arguments: [invoice.id]
        ).map { ($0["stage"] as Int64, $0["at_ms"] as Int64) }
      }
      guard let stage = DunningStage(rawValue: (steps.last?.0 ?? 0) + 1),
        // It is due until the end of a day, and the first day after it has begun then.
        now >= invoice.dueMilliseconds + (stage.days - 1) * Self.day,
        now >= (steps.last?.1 ?? .min / 2) + 7 * Self.day
      else { continue }
      let number = invoice.document.number
      // The step and the note of it are there together or not at all: none is taken twice.
      let isTaken = try write(doing: "take a step with an overdue invoice") { db -> Bool in
        guard try take(stage, for: number, now: now, in: db) else { return false }
        try db.execute(
          sql: "INSERT INTO dunning VALUES (?, ?, ?)",
          arguments: [invoice.id, stage.rawValue, now])
        try note("invoice.dun", "invoice \(number)", "\(stage)", in: db)
        return true
      }
      if isTaken { done.append((number, stage)) }
    }
    return done
  }

  /// Takes a step towards stopping the account of an invoice.
  ///
  /// - Returns: whether it was to be taken: not where it has been paid by now, and an account that
  ///   nobody can use is not stopped.
  private func take(
    _ stage: DunningStage, for number: String, now: Int64, in db: Database
  ) throws -> Bool {
    let invoice = try Self.invoice(number, in: db)
    guard invoice.state(at: now) == .overdue else { return false }
    switch stage {
    case .reminder:
      _ = try publishNotice(
        title: "Reminder: invoice \(number)",
        body: invoice.arrears + " Please pay them, or tell us if you have done so.",
        to: invoice.account, invoice: invoice, in: db)
    case .warning: try warn(invoice.account, reason: .nonpayment, for: invoice, in: db)
    case .suspension:
      let state = try Int64.fetchOne(
        db, sql: "SELECT state FROM account WHERE id = ?", arguments: [invoice.account.rawValue]
      ).flatMap(AccountState.init(rawValue:))
      guard state?.mayUseKeys == true else { return false }
      // The step before was the warning.
      _ = try setState(.suspended, of: invoice.account, reason: .nonpayment, in: db)
      try tellSuspension(of: invoice.account, reason: .nonpayment, for: invoice, in: db)
    }
    return true
  }
}

extension InvoiceRecord {
  /// Its number, what is open of it, and since when.
  var arrears: String {
    "Of your invoice \(document.number), \(centsText(openCents)) EUR were due on "
      + "\(document.due) and are open."
  }
}
