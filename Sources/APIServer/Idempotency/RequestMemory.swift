// Which requests with an `Idempotency-Key` run, and which have run lately. A pure value without clock or
// lock: the server keeps it behind its own, tests replay histories through it.

import Metering

/// What is remembered of requests by the accounts that they came from: codes, and nothing that was said.
package struct RequestMemory<Running: AnyObject & Sendable>: Sendable {
  /// How a request is known again: by the account and what its `Idempotency-Key` became.
  package struct Name: Hashable, Sendable {
    package let account: AccountID
    package let code: SecretCode

    package init(account: AccountID, code: SecretCode) {
      self.account = account
      self.code = code
    }
  }

  /// What becomes of a request.
  package enum Entrance: Sendable {
    /// It runs, as the first one or as one after others.
    case first
    /// It shares what another one comes to.
    case joined
    /// Its `Idempotency-Key` was used with another body.
    case other
  }

  private struct Entry: Sendable {
    /// What the route and the body became.
    let body: SecretCode
    /// nil once it has ended.
    var running: Running?
    var end: ContinuousClock.Instant?
  }

  /// What one account has used.
  private struct Used: Sendable {
    var entries: [SecretCode: Entry] = [:]
    /// Those that have ended, the first one first; some are gone since.
    var ended: [(code: SecretCode, end: ContinuousClock.Instant)] = []
  }

  /// How long a request is remembered after its end.
  package static var lifetime: Duration { .seconds(600) }
  /// Requests of one account that are remembered after their end; of more, the last ones are.
  package static var countPerAccount: Int { 256 }
  /// Those of all accounts; further ones are not remembered.
  package static var count: Int { 16384 }

  private var used: [AccountID: Used] = [:]
  /// How many have ended and are remembered.
  package private(set) var endedCount = 0

  package init() {}

  /// Lets a request in.
  ///
  /// - Parameters:
  ///   - fresh: what runs where nothing is shared.
  ///   - join: tries to share what a running request comes to; false where that is over.
  package mutating func enter(
    _ name: Name, body: SecretCode, at now: ContinuousClock.Instant, fresh: Running,
    join: (Running) -> Bool
  ) -> Entrance {
    forget(name.account, before: now)
    if let entry = used[name.account]?.entries[name.code] {
      guard entry.body == body else { return .other }
      if let running = entry.running, join(running) { return .joined }
      if entry.end != nil { endedCount -= 1 }
    }
    used[name.account, default: Used()].entries[name.code] = Entry(body: body, running: fresh)
    return .first
  }

  /// Notes the end of what ran. Where it came to nothing the `Idempotency-Key` is free again.
  package mutating func end(
    _ name: Name, _ running: Running, isRemembered: Bool, at now: ContinuousClock.Instant
  ) {
    guard let entry = used[name.account]?.entries[name.code], entry.running === running else {
      return
    }
    guard isRemembered, endedCount < Self.count else {
      used[name.account]?.entries[name.code] = nil
      if used[name.account]?.entries.isEmpty == true { used[name.account] = nil }
      return
    }
    used[name.account]?.entries[name.code] = Entry(body: entry.body, end: now)
    used[name.account]?.ended.append((name.code, now))
    endedCount += 1
    if used[name.account]?.ended.count ?? 0 > Self.countPerAccount { dropOldest(of: name.account) }
  }

  /// Forgets what ended too long ago.
  package mutating func forget(before now: ContinuousClock.Instant) {
    for account in Array(used.keys) { forget(account, before: now) }
  }

  private mutating func forget(_ account: AccountID, before now: ContinuousClock.Instant) {
    while let oldest = used[account]?.ended.first, now - oldest.end >= Self.lifetime {
      dropOldest(of: account)
    }
  }

  private mutating func dropOldest(of account: AccountID) {
    guard let oldest = used[account]?.ended.removeFirst() else { return }
    // It may have been used again since.
    if used[account]?.entries[oldest.code]?.end == oldest.end {
      used[account]?.entries[oldest.code] = nil
      endedCount -= 1
    }
    if used[account]?.entries.isEmpty == true { used[account] = nil }
  }
}
