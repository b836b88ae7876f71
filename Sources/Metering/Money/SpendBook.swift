// What keys and accounts have spent this month, what is reserved for requests that run, and the
// caps on both together. A pure value; the front door keeps it behind its lock.
//
// spent + reserved never exceeds a cap: a request reserves the most it can cost before it begins and
// more before each step of its answer, so the last affordable token is known before it is made.

/// Spending in one calendar month.
package struct SpendBook: Sendable {
  private struct Entry {
    var cap: PicoEuro?
    var spent: Int64 = 0
    var reserved: Int64 = 0
  }

  /// The month that `spent` belongs to.
  package private(set) var month: UTCMonth
  private var entries: [LimitScope: Entry] = [:]

  /// A book for a month in which this much was spent so far.
  package init(month: UTCMonth, spent: [LimitScope: PicoEuro] = [:]) {
    self.month = month
    for (scope, amount) in spent { entries[scope] = Entry(spent: amount.rawValue) }
  }

  /// Puts caps in place of all that there were. What is spent above one stays spent.
  package mutating func setCaps(_ caps: [LimitScope: PicoEuro]) {
    for scope in entries.keys where caps[scope] == nil { entries[scope]?.cap = nil }
    for (scope, cap) in caps { entries[scope, default: Entry()].cap = cap }
  }

  /// Begins a new month with nothing spent; reservations of running requests go on. A clock that
  /// was set back does not bring an old month back.
  package mutating func begin(_ month: UTCMonth) {
    guard month > self.month else { return }
    self.month = month
    entries = entries.compactMapValues { entry in
      entry.cap == nil && entry.reserved == 0
        ? nil : Entry(cap: entry.cap, spent: 0, reserved: entry.reserved)
    }
  }

  /// Reserves an amount in every scope, or in none.
  ///
  /// - Returns: the first scope whose cap refuses, nil where all was reserved.
  package mutating func reserve(_ amount: PicoEuro, for scopes: [LimitScope]) -> LimitScope? {
    for scope in scopes where room(in: scope) < amount.rawValue { return scope }
    for scope in scopes { entries[scope, default: Entry()].reserved += amount.rawValue }
    return nil
  }

  /// How much every one of the scopes has left.
  package func room(in scopes: [LimitScope]) -> PicoEuro {
    PicoEuro(rawValue: scopes.map(room(in:)).min() ?? .max)
  }

  /// Ends a reservation with what was really spent, which is at most what was reserved.
  package mutating func settle(
    reserved: PicoEuro, spent: PicoEuro, for scopes: [LimitScope]
  ) {
    for scope in scopes {
      var entry = entries[scope] ?? Entry()
      entry.reserved -= reserved.rawValue
      entry.spent += spent.rawValue
      entries[scope] = entry
    }
  }

  /// What a scope has spent this month.
  package func spent(in scope: LimitScope) -> PicoEuro {
    PicoEuro(rawValue: entries[scope]?.spent ?? 0)
  }

  /// What is reserved in a scope.
  package func reserved(in scope: LimitScope) -> PicoEuro {
    PicoEuro(rawValue: entries[scope]?.reserved ?? 0)
  }

  /// Without a cap a scope still has its end: sums stay far from overflow.
  private func room(in scope: LimitScope) -> Int64 {
    let entry = entries[scope] ?? Entry()
    return (entry.cap?.rawValue ?? .max / 2) - entry.spent - entry.reserved
  }
}
