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

/// A step with an overdue invoice.
package struct DunningStep: Hashable, Sendable {
  package let number: String
  package let stage: DunningStage
  /// Whether it was not taken, because the warning that it needs has reached nobody.
  package let isBlocked: Bool
}

extension UsageStore {
  private static let day: Int64 = 86_400_000

  /// Takes the steps that overdue invoices have come to: one step an invoice and call, each no
  /// sooner than a week after the one before, so that nobody is stopped without a warning and time
  /// to answer it. An account that is stopped for something else comes to its last step when it
  /// goes on; one that goes on and still has not paid is warned again after a week, and stopped
  /// again. Each step goes to who is billed too, with the invoice.
  ///
  /// - Parameter withoutDelivery: whether accounts are stopped also where no mail with the warning
  ///   was sent, as where customers look for notices themselves or another program tells them.
  /// - Returns: what was done, and what was not because a warning has reached nobody.
  package func dun(withoutDelivery: Bool = false) throws(UsageStoreError) -> [DunningStep] {
    let now = clock.wallMilliseconds()
    var steps: [DunningStep] = []
    for invoice in try invoices() where invoice.state(at: now) == .overdue {
      let due = try read(doing: "read reminders") {
        try nextStep(with: invoice, now: now, withoutDelivery: withoutDelivery, in: $0)
      }
      guard let due else { continue }
      if due.isBlocked {
        steps.append(due)
        continue
      }
      // The step and the note of it are there together or not at all, and what was paid or done by
      // another process meanwhile counts: none is taken twice.
      let taken = try write(doing: "take a step with an overdue invoice") { db -> DunningStep? in
        let invoice = try Self.invoice(due.number, in: db)
        guard invoice.state(at: now) == .overdue,
          let step = try nextStep(
            with: invoice, now: now, withoutDelivery: withoutDelivery, in: db), !step.isBlocked
        else { return nil }
        try take(step.stage, for: invoice, in: db)
        try db.execute(
          sql: "INSERT INTO dunning (invoice_id, stage, at_ms) VALUES (?, ?, ?)",
          arguments: [invoice.id, step.stage.rawValue, now])
        try note(
          "invoice.dun", "invoice \(step.number)",
          "\(step.stage)" + (withoutDelivery ? ", delivered or not" : ""), in: db)
        return step
      }
      if let taken { steps.append(taken) }
    }
    return steps
  }

  /// The overdue invoices whose accounts would be stopped if a warning had reached anybody.
  func blockedSteps() throws(UsageStoreError) -> [(account: AccountID, step: DunningStep)] {
    let now = clock.wallMilliseconds()
    var blocked: [(account: AccountID, step: DunningStep)] = []
    for invoice in try invoices() where invoice.state(at: now) == .overdue {
      let step = try read(doing: "read reminders") {
        try nextStep(with: invoice, now: now, withoutDelivery: false, in: $0)
      }
      if let step, step.isBlocked { blocked.append((invoice.account, step)) }
    }
    return blocked
  }

  /// The step that an overdue invoice has come to; nil where it has come to none.
  private func nextStep(
    with invoice: InvoiceRecord, now: Int64, withoutDelivery: Bool, in db: Database
  ) throws -> DunningStep? {
    let last = try Row.fetchOne(
      db, sql: "SELECT stage, at_ms FROM dunning WHERE invoice_id = ? ORDER BY id DESC LIMIT 1",
      arguments: [invoice.id])
    let isInUse = try Self.state(of: invoice.account, in: db)?.mayUseKeys == true
    var stage = DunningStage.reminder
    var since: Int64 = last?["at_ms"] ?? .min / 2
    var isBlocked = false
    if let last, let before = DunningStage(rawValue: last["stage"]) {
      let warning = try Self.warning(
        of: invoice.account, reason: .nonpayment, now: now, in: db)
      switch before {
      case .reminder: stage = .warning
      case .warning where warning.lastMilliseconds != nil:
        stage = .suspension
        // Nobody needs to be stopped who cannot use anything.
        guard isInUse else { return nil }
        isBlocked = !withoutDelivery && warning.sentMilliseconds == nil
        // It has to be known for about as long as a step takes; steps are taken by night.
        if !withoutDelivery, let sent = warning.sentMilliseconds, now < sent + 6 * Self.day {
          return nil
        }
      case .warning, .suspension:
        // It goes on without having paid: what it was told before was for the last time.
        guard isInUse else { return nil }
        stage = .warning
        since = max(since, warning.spentMilliseconds ?? since)
      }
    }
    // It is due until the end of a day, and the first day after it has begun then.
    guard now >= invoice.dueMilliseconds + (stage.days - 1) * Self.day, now >= since + 7 * Self.day
    else { return nil }
    return DunningStep(number: invoice.document.number, stage: stage, isBlocked: isBlocked)
  }

  /// Takes a step towards stopping the account of an invoice.
  private func take(_ stage: DunningStage, for invoice: InvoiceRecord, in db: Database) throws {
    switch stage {
    case .reminder:
      _ = try publishNotice(
        title: "Reminder: invoice \(invoice.document.number)",
        body: invoice.arrears + " Please pay them, or tell us if you have done so.",
        to: invoice.account, invoice: invoice, in: db)
    case .warning: try warn(invoice.account, reason: .nonpayment, for: invoice, in: db)
    case .suspension:
      _ = try setState(.suspended, of: invoice.account, reason: .nonpayment, in: db)
      try tellSuspension(of: invoice.account, reason: .nonpayment, for: invoice, in: db)
    }
  }
}

extension InvoiceRecord {
  /// Its number, what is open of it, and since when.
  var arrears: String {
    "Of your invoice \(document.number), \(centsText(openCents)) EUR were due on "
      + "\(document.due) and are open."
  }
}
