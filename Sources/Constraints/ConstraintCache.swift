// Compiled constraints between requests: most requests of a client come with the same schema.

import Synchronization

/// Compiled constraints, and what engines have found out about them, in memory alone. Owners never
/// share: what one has compiled, and how long it takes to find it, says nothing to another.
public final class ConstraintCache: Sendable {
  private struct Entry {
    /// Sources that cannot be compiled are known too.
    let made: Result<Constraint, ConstraintError>
    let sourceBytes: Int
    var lastUse: ContinuousClock.Instant

    var byteCount: Int {
      guard case .success(let constraint) = made else { return sourceBytes }
      return sourceBytes + constraint.byteCount
    }
  }

  private let owners = Mutex<[String: [[UInt8]: Entry]]>([:])
  private let countLimit: Int
  private let ownerLimit: Int
  private let byteLimit: Int

  /// - Parameters:
  ///   - countLimit: constraints in all.
  ///   - ownerLimit: constraints of one owner.
  ///   - byteLimit: bytes of all, about. They grow with use; what was used longest ago goes.
  public init(countLimit: Int = 256, ownerLimit: Int = 32, byteLimit: Int = 64 << 20) {
    self.countLimit = countLimit
    self.ownerLimit = ownerLimit
    self.byteLimit = byteLimit
  }

  /// The constraint of a source, compiled if its owner has not had it lately.
  public func constraint(
    _ source: ConstraintSource, owner: String, now: ContinuousClock.Instant = .now
  ) throws(ConstraintError) -> Constraint {
    let key = source.key
    let known = owners.withLock { owners in
      owners[owner]?[key]?.lastUse = now
      let known = owners[owner]?[key]
      // What is known of a constraint grows while it is used.
      if known != nil { makeRoom(&owners, newest: owner) }
      return known
    }
    if let known { return try known.made.get() }
    let made = Result { () throws(ConstraintError) in try source.compiled() }
    let kept = owners.withLock { owners in
      // Who compiled it meanwhile was first, and all share that one.
      if let first = owners[owner]?[key] { return first.made }
      owners[owner, default: [:]][key] = Entry(
        made: made, sourceBytes: key.count, lastUse: now)
      makeRoom(&owners, newest: owner)
      return made
    }
    return try kept.get()
  }

  /// Lets go of what was used longest ago, of `newest` first where that one has too much.
  private func makeRoom(_ owners: inout [String: [[UInt8]: Entry]], newest: String) {
    if (owners[newest]?.count ?? 0) > ownerLimit { removeOldest(&owners, of: newest) }
    while owners.values.reduce(0, { $0 + $1.count }) > countLimit
      || owners.values.reduce(0, { $0 + $1.values.reduce(0) { $0 + $1.byteCount } }) > byteLimit
    {
      let oldest = owners.min { a, b in Self.firstUse(a.value) < Self.firstUse(b.value) }
      guard let oldest else { return }
      removeOldest(&owners, of: oldest.key)
    }
  }

  private static func firstUse(_ entries: [[UInt8]: Entry]) -> ContinuousClock.Instant {
    entries.values.map(\.lastUse).min() ?? .now
  }

  private func removeOldest(_ owners: inout [String: [[UInt8]: Entry]], of owner: String) {
    let oldest = owners[owner]?.min { $0.value.lastUse < $1.value.lastUse }
    if let oldest { owners[owner]?.removeValue(forKey: oldest.key) }
    if owners[owner]?.isEmpty == true { owners.removeValue(forKey: owner) }
  }

  /// How many there are.
  public var count: Int { owners.withLock { $0.values.reduce(0) { $0 + $1.count } } }

  /// Bytes of memory, about.
  public var byteCount: Int {
    owners.withLock { $0.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.byteCount } } }
  }

  /// Forgets all of an owner.
  public func forget(owner: String) {
    _ = owners.withLock { $0.removeValue(forKey: owner) }
  }

  /// Forgets what was last used before `time`.
  public func forget(usedBefore time: ContinuousClock.Instant) {
    owners.withLock { owners in
      owners = owners.mapValues { $0.filter { $0.value.lastUse >= time } }.filter {
        !$0.value.isEmpty
      }
    }
  }
}
