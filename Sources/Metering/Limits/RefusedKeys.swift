// Keys that ask on although they were told to wait. To find out that a request is refused costs something:
// its body is read, its prompt becomes tokens. So a key has an allowance of refusals, and once it is
// used up, requests that come sooner than the last refusal said are answered without any of that.
//
// Who waits as told is never met by it. A pure value, as `Limiter` is.

/// How often keys were refused, and until when each was told to wait.
struct RefusedKeys: Sendable {
  private struct Entry: Sendable {
    var bucket = GCRABucket()
    /// When the wait is over that the last refusal named.
    var end = Int64.min
  }

  private var entries: [KeyID: Entry] = [:]
  private var sweepAt = 1024

  /// How many keys are remembered; those at rest are forgotten now and then.
  var count: Int { entries.count }

  /// Counts a refusal.
  ///
  /// - Parameter wait: nanoseconds that it told the key to wait; nil where waiting does not help, and
  ///   then it is until the allowance has room again.
  mutating func note(_ key: KeyID, wait: Int64?, under limit: RateLimit, at now: Int64) {
    var entry = entries[key] ?? Entry()
    // One that is over the allowance is not counted: who stops is heard again soon.
    if entry.bucket.wait(for: 1, under: limit, at: now) == 0 {
      entry.bucket.take(1, under: limit, at: now)
    }
    entry.end = now + (wait ?? entry.bucket.wait(for: 1, under: limit, at: now) ?? 0)
    entries[key] = entry
    sweep(at: now)
  }

  /// Nanoseconds that a key has to wait before it is heard again; 0 for one that is heard.
  func wait(of key: KeyID, under limit: RateLimit, at now: Int64) -> Int64 {
    guard let entry = entries[key], entry.end > now,
      entry.bucket.wait(for: 1, under: limit, at: now) != 0
    else { return 0 }
    return entry.end - now
  }

  private mutating func sweep(at now: Int64) {
    guard entries.count >= sweepAt else { return }
    entries = entries.filter { !$0.value.bucket.isAtRest(at: now) }
    sweepAt = max(1024, entries.count * 2)
  }
}
