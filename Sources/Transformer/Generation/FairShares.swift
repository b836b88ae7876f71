// Who computes next: owners take turns by what they have had.

/// Weighted fair shares. Each owner has a clock that runs by the tokens computed for it, divided
/// by its weight; the owner whose clock is furthest behind comes next (start-time fair queueing,
/// Goyal, Vin and Cheng 1996).
struct FairShares {
  private var clocks: [String: Double] = [:]
  /// The clock of whoever was served last. Those who come later start here.
  private var now = 0.0

  /// Makes sure that an owner has a clock; idle times earn nothing.
  mutating func enter(_ owner: String) {
    clocks[owner] = max(clocks[owner] ?? now, now)
  }

  /// Tokens were computed for an owner.
  mutating func charge(_ owner: String, tokens: Int, share: Double) {
    let start = clocks[owner] ?? now
    now = max(now, clocks.values.min() ?? start)
    clocks[owner] = start + Double(tokens) / (share > 0 && share.isFinite ? share : 1)
  }

  /// Forgets owners that have nothing to compute.
  mutating func keep(_ owners: Set<String>) {
    clocks = clocks.filter { owners.contains($0.key) }
  }

  /// The sequence that comes next: of the owner furthest behind the one that came first.
  func next(of sequences: [EngineSequence]) -> EngineSequence? {
    sequences.min { a, b in
      let (first, second) = (clocks[a.shareOwner] ?? now, clocks[b.shareOwner] ?? now)
      return first < second || (first == second && a.number < b.number)
    }
  }
}
