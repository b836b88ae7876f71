// The day on which a key was last used, and no more of when.

import Metering
import Testing

@Suite struct KeyUseTests {
  @Test func theLastDayOfAKeyIsTheDayOfItsLastUse() async throws {
    let bench = try MeterBench()
    let (used, unused, revoked) = (try bench.key(), try bench.key(), try bench.key())
    try bench.meter.store.revokeKey(revoked.record.name)
    bench.meter.refreshKeys()
    let today = CivilDate(of: bench.clock.clock.wallMilliseconds())
    for _ in 0..<3 { _ = try bench.meter.authenticate(used.text) }
    #expect(throws: MeterError.self) { _ = try bench.meter.authenticate(revoked.text) }
    // A key that lacks its end is none, whatever name it bears.
    #expect(throws: MeterError.self) {
      _ = try bench.meter.authenticate(String(unused.text.dropLast()))
    }
    try await bench.meter.close()
    #expect(try lastUse(bench) == [used.record.id: today])

    // Two days later, and then by a clock that was set back.
    bench.clock.advance(.seconds(2 * 86_400))
    for jump in [0, -10 * 86_400_000] as [Int64] {
      bench.clock.jump(wallMilliseconds: jump)
      var configuration = MeterConfiguration(folder: bench.folder.path)
      configuration.clock = bench.clock.clock
      let meter = try Meter(configuration)
      _ = try meter.authenticate(used.text)
      try await meter.close()
      #expect(try lastUse(bench) == [used.record.id: today.adding(days: 2)])
    }
  }

  private func lastUse(_ bench: MeterBench) throws -> [KeyID: CivilDate] {
    let store = try UsageStore(folder: bench.folder.path, mode: .administering)
    let days = try store.lastUse()
    let account = try #require(try store.accounts().first).id
    let exported = try store.export(account).keys.compactMap(\.lastUsed)
    #expect(exported == days.values.map(\.description))
    try store.close()
    return days
  }
}
