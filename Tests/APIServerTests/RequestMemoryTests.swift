// What is remembered of requests by their `Idempotency-Key`: for how long, how many, for whom.

import APIServer
import Metering
import Testing

@Suite struct RequestMemoryTests {
  private final class Work: Sendable {}

  private let secret = ProcessSecret()

  private func code(_ text: String) throws -> SecretCode {
    try #require(secret?.code(of: Array(text.utf8)))
  }

  private func name(
    _ text: String = "a", account: Int64 = 1
  ) throws -> RequestMemory<Work>.Name {
    .init(account: AccountID(rawValue: account), code: try code(text))
  }

  @Test func codesTellTextsApartAndDifferFromProcessToProcess() throws {
    #expect(try code("a") == code("a"))
    #expect(try code("a") != code("b"))
    #expect(try code("a") != #require(ProcessSecret()?.code(of: Array("a".utf8))))
  }

  @Test func theSameRequestJoinsWhileTheFirstRunsAndRunsAgainAfterIt() throws {
    var memory = RequestMemory<Work>()
    let (name, body, now) = (try name(), try code("body"), ContinuousClock.now)
    let (first, second, third) = (Work(), Work(), Work())
    func enter(_ fresh: Work, joins: Bool = true) -> RequestMemory<Work>.Entrance {
      memory.enter(name, body: body, at: now, fresh: fresh) { running in
        #expect(running === first || running === third)
        return joins
      }
    }
    #expect(enter(first) == .first)
    #expect(enter(second) == .joined)
    memory.end(name, first, isRemembered: true, at: now)
    #expect(memory.endedCount == 1)
    #expect(enter(third) == .first)
    #expect(memory.endedCount == 0)
    // What was given up is not joined, and its end does not touch who came in its place.
    #expect(enter(second, joins: false) == .first)
    memory.end(name, third, isRemembered: true, at: now)
    #expect(memory.endedCount == 0)
    memory.end(name, second, isRemembered: true, at: now)
    #expect(memory.endedCount == 1)
  }

  @Test func anotherBodyIsRefusedUntilTheKeyIsForgotten() throws {
    var memory = RequestMemory<Work>()
    let (name, body, other) = (try name(), try code("body"), try code("other"))
    let (now, work) = (ContinuousClock.now, Work())
    func enter(_ body: SecretCode, after time: Duration) -> RequestMemory<Work>.Entrance {
      memory.enter(name, body: body, at: now + time, fresh: work) { _ in true }
    }
    #expect(enter(body, after: .zero) == .first)
    #expect(enter(other, after: .seconds(86_400)) == .other)
    memory.end(name, work, isRemembered: true, at: now)
    #expect(enter(other, after: .seconds(599)) == .other)
    #expect(enter(other, after: .seconds(600)) == .first)
    #expect(memory.endedCount == 0)
    // What came to nothing leaves its key free.
    memory.end(name, work, isRemembered: false, at: now + .seconds(601))
    #expect(enter(body, after: .seconds(602)) == .first)
  }

  @Test func eachAccountHasItsOwn() throws {
    var memory = RequestMemory<Work>()
    for account in 1...2 as ClosedRange<Int64> {
      let entrance = memory.enter(
        try name(account: account), body: try code("\(account)"), at: .now, fresh: Work()
      ) { _ in true }
      #expect(entrance == .first)
    }
  }

  @Test func soManyAreRememberedAndNoMoreAndTimeEmptiesIt() throws {
    var memory = RequestMemory<Work>()
    let (now, body, other) = (ContinuousClock.now, try code("body"), try code("other"))
    let perAccount = RequestMemory<Work>.countPerAccount
    func run(_ name: RequestMemory<Work>.Name) {
      let work = Work()
      #expect(memory.enter(name, body: body, at: now, fresh: work) { _ in true } == .first)
      memory.end(name, work, isRemembered: true, at: now)
    }
    for number in 0..<(perAccount + 10) { run(try name("\(number)")) }
    #expect(memory.endedCount == perAccount)
    func isKnown(_ name: RequestMemory<Work>.Name) -> Bool {
      let work = Work()
      let entrance = memory.enter(name, body: other, at: now, fresh: work) { _ in true }
      memory.end(name, work, isRemembered: false, at: now)
      return entrance == .other
    }
    // The oldest went.
    #expect(!isKnown(try name("9")))
    #expect(isKnown(try name("10")))
    let accounts = RequestMemory<Work>.count / perAccount
    for account in 2...Int64(accounts + 3) {
      for number in 0..<perAccount { run(try name("\(number)", account: account)) }
    }
    #expect(memory.endedCount == RequestMemory<Work>.count)
    #expect(!isKnown(try name("0", account: Int64(accounts + 3))))
    memory.forget(before: now + RequestMemory<Work>.lifetime)
    #expect(memory.endedCount == 0)
    #expect(!isKnown(try name("10")))
  }
}
