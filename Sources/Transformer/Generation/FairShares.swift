// Who computes next: owners take turns by what they have had.

/// Weighted fair shares. Each owner has a clock that runs by the tokens computed for it, divided
/// by its weight; the owner whose clock is furthest behind comes next (start-time fair queueing,
/// Goyal, Vin and Cheng 1996).
package struct FairShares {
  /// Of owners that have something to compute; none is behind `now`.
  private var clocks: [String: Double] = [:]
  /// Of owners that have nothing to compute and were ahead of `now` when they left.
  private var debts: [String: Double] = [:]
  /// Where those start who come later. The paper has one server, and takes the clock at which its
  /// turn began; of several owners that compute side by side it is the one furthest behind.
  private var now = 0.0

  package init() {}

  /// Makes sure that an owner has a clock; idle times earn nothing.
  package mutating func enter(_ owner: String) {
    guard clocks[owner] == nil else { return }
    clocks[owner] = max(debts.removeValue(forKey: owner) ?? now, now)
  }

  /// Tokens are computed for an owner while those of the owners `behind` have to wait. Where nobody else
  /// does, they cost nothing.
  package mutating func charge(
    _ owner: String, tokens: Int, share: Double, behind: Set<String>
  ) {
    guard behind.contains(where: { $0 != owner }) else { return }
    enter(owner)
    let start = clocks[owner] ?? now
    now = max(now, clocks.values.min() ?? start)
    clocks[owner] = start + Double(tokens) / (share > 0 && share.isFinite ? share : 1)
  }

  /// Forgets owners that have nothing to compute, but for what they had beyond their share while
  /// others waited. Where nobody is left, nothing is owed.
  package mutating func keep(_ owners: Set<String>) {
    guard !owners.isEmpty else {
      self = FairShares()
      return
    }
    for (owner, clock) in clocks where !owners.contains(owner) { debts[owner] = clock }
    clocks = clocks.filter { owners.contains($0.key) }
    debts = debts.filter { $0.value > now }
  }

  /// What an owner has had, divided by its weight.
  package func clock(of owner: String) -> Double { clocks[owner] ?? debts[owner] ?? now }

  /// Charges what a pass takes, while `behind` have to wait with all or a part of theirs.
  mutating func charge(_ step: EngineStep, behind: [EngineSequence]) {
    let owners = Set(behind.map(\.shareOwner))
    for slice in step.slices {
      charge(
        slice.sequence.shareOwner, tokens: slice.count, share: slice.sequence.request.share,
        behind: owners)
    }
  }

  /// The sequence that comes next: of the owner furthest behind the one that came first.
  func next(of sequences: [EngineSequence]) -> EngineSequence? {
    sequences.min { a, b in
      let (first, second) = (clock(of: a.shareOwner), clock(of: b.shareOwner))
      return first < second || (first == second && a.number < b.number)
    }
  }
}
