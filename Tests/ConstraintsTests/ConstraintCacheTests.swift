// Compiled constraints between requests.

import Constraints
import Testing

@Suite struct ConstraintCacheTests {
  private func source(_ text: String) -> ConstraintSource { ConstraintSource(.text(text)) }

  /// Whether two constraints are one, with all that is known of it.
  private func areOne(_ a: Constraint, _ b: Constraint) -> Bool { a.attachment === b.attachment }

  @Test func whatAnOwnerCompiledIsFoundAgainByThatOwnerAlone() throws {
    let cache = ConstraintCache()
    let mine = try cache.constraint(source("a"), owner: "me")
    #expect(areOne(mine, try cache.constraint(source("a"), owner: "me")))
    #expect(!areOne(mine, try cache.constraint(source("a"), owner: "you")))
    #expect(!areOne(mine, try cache.constraint(source("b"), owner: "me")))
    #expect(cache.count == 3 && cache.byteCount > 0)
  }

  @Test func whoCompilesTheSameAtOnceSharesOne() async throws {
    let cache = ConstraintCache()
    let source = ConstraintSource(.schema(["type": "array", "items": ["type": "string"]]))
    let made = try await withThrowingTaskGroup(of: Constraint.self) { group in
      for _ in 0..<16 { group.addTask { try cache.constraint(source, owner: "me") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(made.allSatisfy { areOne($0, made[0]) })
  }

  @Test(arguments: [
    (ConstraintSource(.text("a")), ConstraintSource(.until("a"))),
    (ConstraintSource(.text("a")), ConstraintSource(.grammar("a"))),
    (ConstraintSource(.until("a")), ConstraintSource(.without("a"))),
    (ConstraintSource(.unlike(["a", "b"])), ConstraintSource(.unlike(["ab"]))),
    (ConstraintSource(.text("é")), ConstraintSource(.text("e\u{301}"))),
    (ConstraintSource(.text("ab")), ConstraintSource(.sequence([.text("a"), .text("b")]))),
    (
      ConstraintSource(.sequence([.text("a")])), ConstraintSource(.either([.text("a")]))
    ),
    (ConstraintSource(.text("a")), ConstraintSource(.text("a"), triggers: ["b"])),
    (
      ConstraintSource(.text("ab"), beginning: "a"), ConstraintSource(.text("ab"), triggers: ["a"])
    ),
    (
      ConstraintSource(.schema(["enum": ["a", "b"]])),
      ConstraintSource(.schema(["enum": ["b", "a"]]))
    ),
  ])
  func differentSourcesAreNeverTakenForEachOther(
    _ a: ConstraintSource, _ b: ConstraintSource
  ) throws {
    let cache = ConstraintCache()
    for source in [a, b] { _ = try? cache.constraint(source, owner: "me") }
    #expect(cache.count == 2)
  }

  @Test func whatIsRefusedIsRefusedAgainWithoutBeingCompiled() throws {
    let cache = ConstraintCache()
    let bad = ConstraintSource(.schema(["$ref": "#/nowhere"]))
    let first = #expect(throws: ConstraintError.self) { try cache.constraint(bad, owner: "me") }
    let second = #expect(throws: ConstraintError.self) { try cache.constraint(bad, owner: "me") }
    #expect(first == second && cache.count == 1)
  }

  @Test func ownersAndWhatWasNotUsedForLongAreForgotten() throws {
    let cache = ConstraintCache()
    let start = ContinuousClock.now
    for (index, owner) in ["me", "you", "me"].enumerated() {
      _ = try cache.constraint(
        source("\(index)"), owner: owner, now: start + .seconds(index))
    }
    cache.forget(usedBefore: start + .seconds(1))
    #expect(cache.count == 2)
    cache.forget(owner: "me")
    #expect(cache.count == 1)
    cache.forget(usedBefore: start + .seconds(9))
    #expect(cache.count == 0 && cache.byteCount == 0)
  }

  @Test func whatWasUsedLongestAgoMakesRoom() throws {
    let start = ContinuousClock.now
    func filled(_ cache: ConstraintCache, _ owners: [String]) throws -> [Constraint] {
      var made: [Constraint] = []
      for (index, owner) in owners.enumerated() {
        made.append(
          try cache.constraint(
            source("\(index)"), owner: owner, now: start + .seconds(index)))
      }
      return made
    }
    // An owner with too many loses its own, and nobody else's.
    let crowded = ConstraintCache(countLimit: 9, ownerLimit: 2)
    let made = try filled(crowded, ["you", "me", "me", "me"])
    #expect(crowded.count == 3)
    for (index, owner) in [(0, "you"), (2, "me"), (3, "me")] {
      #expect(areOne(made[index], try crowded.constraint(source("\(index)"), owner: owner)))
    }
    let small = ConstraintCache(countLimit: 2)
    _ = try filled(small, ["a", "b", "c"])
    #expect(small.count == 2)
    let tight = ConstraintCache(byteLimit: 1)
    _ = try filled(tight, ["a", "b"])
    #expect(tight.count == 0)
  }
}
