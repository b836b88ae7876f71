// Availability is a figure that anybody can compute again from the rows of probes.

import Metering
import Testing

@Suite struct AvailabilityTests {
  @Test func `promise 34: availability follows from the rows of probes, whoever counts`() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let start = bench.clock.clock.wallMilliseconds()
    var generator = SeededGenerator(seed: 34)
    for _ in 0..<500 {
      try store.record([
        ProbeRow(
          model: bench.model, atMilliseconds: bench.clock.clock.wallMilliseconds(),
          isAnswered: Int.random(in: 0..<10, using: &generator) > 0, microseconds: 1000)
      ])
      bench.clock.advance(.milliseconds(Int64.random(in: 1000...30_000, using: &generator)))
    }
    let end = bench.clock.clock.wallMilliseconds()
    // The same by hand: each answered probe speaks until the next, for 15 seconds at most.
    let rows = try store.probes(of: bench.model, from: start)
    #expect(rows.count == 500)
    var up: Int64 = 0
    for (row, next) in zip(rows, rows.dropFirst().map(\.atMilliseconds) + [end]) {
      if row.isAnswered { up += min(15_000, next - row.atMilliseconds) }
    }
    let found = try store.availability(of: bench.model, from: start)
    #expect(found.up == up && found.measured == end - start)
    #expect(found.partsPerMillion == up * 1_000_000 / (end - start))
    #expect(up > 0 && up < end - start)
  }

  @Test func aServerThatIsDownIsNotThere() {
    var availability = Availability()
    #expect(availability.partsPerMillion == nil)
    availability.add(at: 0, isAnswered: true)
    // One finding is no measure.
    var young = availability
    young.close(at: 900)
    #expect(young.measured == 900 && young.partsPerMillion == nil)
    var older = availability
    older.close(at: 4000)
    #expect(older.partsPerMillion == 1_000_000)
    availability.add(at: 5000, isAnswered: true)
    // Nothing is probed for an hour.
    availability.add(at: 3_605_000, isAnswered: true)
    availability.close(at: 3_610_000)
    #expect(availability.measured == 3_610_000)
    #expect(availability.up == 5000 + 15_000 + 5000)
  }

  @Test func rowsAreFoundInThreeMonths() throws {
    let march = try #require(UTCMonth("2027-03")).firstHour * 3_600_000
    let bench = try MeterBench(start: march - 31 * 86_400_000)
    for _ in 0..<(32 * 24) {
      try bench.meter.store.record([
        ProbeRow(
          model: bench.model, atMilliseconds: bench.clock.clock.wallMilliseconds(),
          isAnswered: true, microseconds: 1)
      ])
      bench.clock.advance(.seconds(3600))
    }
    let start = bench.clock.clock.wallMilliseconds() - 30 * 86_400_000
    #expect(try bench.meter.store.probes(of: bench.model, from: start).count == 30 * 24)
  }

  @Test func rowsAreFoundOverTheEndOfAMonth() throws {
    let bench = try MeterBench()
    let store = bench.meter.store
    let december = try #require(UTCMonth("2026-12")).firstHour * 3_600_000
    try store.record(
      [-2000, -1000, 0, 1000].map {
        ProbeRow(
          model: bench.model, atMilliseconds: december + $0, isAnswered: true, microseconds: 1)
      })
    #expect(try store.probes(of: bench.model, from: december - 1500).count == 3)
    #expect(try store.probes(of: ModelID(rawValue: 99), from: 0).isEmpty)
  }
}
