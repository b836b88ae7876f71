// What keys and accounts have spent this month, what is reserved for requests that run, and the
// caps on both together. A pure value; the front door keeps it behind its lock.
//
// spent + reserved never exceeds a cap or a credit: a request reserves the most it can cost before
// it begins and more before each step of its answer, so the last affordable token is known before it
// is made.

/// What has no room for a request.
package enum SpendRefusal: Error, Hashable, Sendable {
  /// The monthly limit of a key or an account.
  case cap(LimitScope)
  /// What an account has paid in advance.
  case credit
}

/// Spending in one calendar month, and of credit over all time.
package struct SpendBook: Sendable {
  private struct Entry {
    var spent: Int64 = 0
    var reserved: Int64 = 0
    /// The soft limit that was found passed this month.
    var toldSoft: Int64?
  }

  /// The month that `spent` belongs to.
  package private(set) var month: UTCMonth
  private var entries: [LimitScope: Entry] = [:]
  private var budgets: [LimitScope: Budget] = [:]
  /// All that accounts have used since they began.
  private var used: [AccountID: Int64]
  /// All that was paid in advance, by the accounts that do so.
  private var credits: [AccountID: Int64] = [:]

  /// A book for a month in which this much was spent so far, and this much ever.
  package init(
    month: UTCMonth, spent: [LimitScope: PicoEuro] = [:], used: [AccountID: PicoEuro] = [:]
  ) {
    self.month = month
    self.used = used.mapValues(\.rawValue)
    for (scope, amount) in spent { entries[scope] = Entry(spent: amount.rawValue) }
  }

  /// Makes room for so many scopes, so that growing leaves nothing behind.
  package mutating func reserveCapacity(_ count: Int) { entries.reserveCapacity(count) }

  /// Puts budgets in place of all that there were. What is spent above one stays spent.
  package mutating func setBudgets(_ budgets: [LimitScope: Budget]) {
    self.budgets = budgets
  }

  /// Puts the credit of accounts that pay in advance in place of all that there was.
  package mutating func setCredits(_ credits: [AccountID: PicoEuro]) {
    self.credits = credits.mapValues(\.rawValue)
  }

  /// Begins a new month with nothing spent; reservations of running requests go on. A clock that
  /// was set back does not bring an old month back.
  package mutating func begin(_ month: UTCMonth) {
    guard month > self.month else { return }
    self.month = month
    entries = entries.compactMapValues { entry in
      entry.reserved == 0 ? nil : Entry(spent: 0, reserved: entry.reserved)
    }
  }

  /// Reserves an amount in every scope, or in none.
  ///
  /// - Returns: what refuses, nil where all was reserved.
  package mutating func reserve(_ amount: PicoEuro, for scopes: [LimitScope]) -> SpendRefusal? {
    for scope in scopes where capRoom(in: scope) < amount.rawValue { return .cap(scope) }
    for scope in scopes where creditRoom(in: scope) < amount.rawValue { return .credit }
    for scope in scopes { entries[scope, default: Entry()].reserved += amount.rawValue }
    return nil
  }

  /// How much every one of the scopes has left.
  package func room(in scopes: [LimitScope]) -> PicoEuro {
    PicoEuro(rawValue: scopes.map { min(capRoom(in: $0), creditRoom(in: $0)) }.min() ?? .max)
  }

  /// Ends a reservation with what was really spent, which is at most what was reserved.
  ///
  /// - Returns: the scopes that are above a soft limit now and were not found so before, be it
  ///   passed by this or set below what was spent already.
  @discardableResult
  package mutating func settle(
    reserved: PicoEuro, spent: PicoEuro, for scopes: [LimitScope]
  ) -> [LimitScope] {
    var passed: [LimitScope] = []
    for scope in scopes {
      var entry = entries[scope] ?? Entry()
      entry.reserved -= reserved.rawValue
      entry.spent += spent.rawValue
      if let soft = budgets[scope]?.soft?.rawValue, entry.spent > soft, entry.toldSoft != soft {
        entry.toldSoft = soft
        passed.append(scope)
      }
      entries[scope] = entry
      if case .account(let account) = scope {
        // Whoever pays afterwards may use more in years than the number holds, and is not held to it.
        let (sum, overflow) = used[account, default: 0].addingReportingOverflow(spent.rawValue)
        used[account] = overflow ? .max : sum
      }
    }
    return passed
  }

  /// Takes back what was spent in a month by a request that is not charged after all.
  package mutating func giveBack(_ amount: PicoEuro, for scopes: [LimitScope], month: UTCMonth) {
    for scope in scopes {
      if month == self.month, let spent = entries[scope]?.spent {
        entries[scope]?.spent = max(0, spent - amount.rawValue)
      }
      if case .account(let account) = scope, let sum = used[account] {
        used[account] = max(0, sum - amount.rawValue)
      }
    }
  }

  /// What a scope has spent this month.
  package func spent(in scope: LimitScope) -> PicoEuro {
    PicoEuro(rawValue: entries[scope]?.spent ?? 0)
  }

  /// All that an account has used since it began.
  package func used(by account: AccountID) -> PicoEuro {
    PicoEuro(rawValue: used[account] ?? 0)
  }

  /// What is reserved in a scope.
  package func reserved(in scope: LimitScope) -> PicoEuro {
    PicoEuro(rawValue: entries[scope]?.reserved ?? 0)
  }

  /// Without a cap a scope still has its end: sums stay far from overflow.
  private func capRoom(in scope: LimitScope) -> Int64 {
    let entry = entries[scope] ?? Entry()
    return (budgets[scope]?.hard?.rawValue ?? .max / 2) - entry.spent - entry.reserved
  }

  /// What is left of an account's credit; without end where it pays afterwards.
  private func creditRoom(in scope: LimitScope) -> Int64 {
    guard case .account(let account) = scope, let credit = credits[account] else { return .max }
    let (left, overflow) = credit.subtractingReportingOverflow(used[account] ?? 0)
    return overflow ? 0 : left - (entries[scope]?.reserved ?? 0)
  }
}
