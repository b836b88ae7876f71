// Turns of owners, without an engine.

import Testing
import Transformer

@Suite struct FairSharesTests {
  @Test("Who asks again and again gets no more than its share")
  func backToBack() {
    var shares = FairShares()
    let owners: [(name: String, share: Double, tokens: Int)] = [("a", 0.1, 1_000), ("b", 1, 400)]
    var computed = ["a": 0, "b": 0]
    for _ in 0..<2_000 {
      for owner in owners { shares.enter(owner.name) }
      let next = shares.clock(of: "a") <= shares.clock(of: "b") ? owners[0] : owners[1]
      shares.charge(
        next.name, tokens: next.tokens, share: next.share, behind: [next.name == "a" ? "b" : "a"])
      computed[next.name, default: 0] += next.tokens
      // Its request is over, and for a moment it has none.
      shares.keep(next.name == "a" ? ["b"] : ["a"])
    }
    let part = Double(computed["a"] ?? 0) / Double(computed.values.reduce(0, +))
    #expect(abs(part - 0.1 / 1.1) < 0.01, "\(part)")
  }

  @Test("Idle times earn nothing, and what was computed while nobody waited costs nothing")
  func idleTimes() {
    var shares = FairShares()
    shares.enter("a")
    shares.charge("a", tokens: 1_000, share: 1, behind: ["b"])
    shares.keep([])
    shares.enter("b")
    shares.enter("a")
    #expect(shares.clock(of: "a") == shares.clock(of: "b"))
    shares.keep(["b"])
    for _ in 0..<100 { shares.charge("b", tokens: 10, share: 1, behind: ["a"]) }
    shares.enter("a")
    #expect(shares.clock(of: "b") - shares.clock(of: "a") == 10, "one turn, and not a hundred")
  }

  @Test("Whoever computes much beside another that need not wait owes nothing")
  func sideBySide() {
    var shares = FairShares()
    for _ in 0..<10_000 {
      for owner in ["a", "b"] { shares.enter(owner) }
      shares.charge("a", tokens: 7, share: 1, behind: ["a"])
      shares.charge("b", tokens: 1, share: 1, behind: [])
    }
    shares.keep(["b"])
    for owner in ["a", "c"] { shares.enter(owner) }
    #expect(shares.clock(of: "a") == shares.clock(of: "c"))
  }
}
