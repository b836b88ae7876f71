// Where a month of the bill begins: at midnight of the operator's own time zone, in summer and in
// winter.

import Foundation

/// A time zone that months are billed in.
package struct BillingZone: Hashable, Sendable {
  /// Such as `Europe/Tallinn`.
  package let identifier: String
  private let zone: TimeZone

  /// Coordinated universal time.
  package static let utc = BillingZone(identifier: "UTC", zone: .gmt)

  /// The zone of this name in the system's database; nil where it has none, and where midnight is
  /// not at a full hour of UTC: usage is rolled up by such hours.
  package init?(_ identifier: String) {
    guard let zone = TimeZone(identifier: identifier) else { return nil }
    self.init(identifier: identifier, zone: zone)
    // Offsets were odd long ago; what counts is now.
    let offsets = [1_767_225_600, 1_782_864_000].map {
      zone.secondsFromGMT(for: Date(timeIntervalSince1970: $0))
    }
    guard offsets.allSatisfy({ $0 % 3600 == 0 }) else { return nil }
  }

  private init(identifier: String, zone: TimeZone) {
    self.identifier = identifier
    self.zone = zone
  }

  /// The hours, counted from 1970-01-01 00:00 UTC, that a month of this zone lasts. Months meet: the
  /// end of one is the beginning of the next.
  package func hours(of month: UTCMonth) -> Range<Int64> {
    firstHour(of: month)..<firstHour(of: month.next)
  }

  /// The day of a moment in this zone.
  package func date(wallMilliseconds: Int64) -> CivilDate {
    let seconds = wallMilliseconds / 1000 + offset(atSecond: wallMilliseconds / 1000)
    return CivilDate(dayNumber: seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
  }

  /// The month of a moment in this zone.
  package func month(wallMilliseconds: Int64) -> UTCMonth {
    let seconds = wallMilliseconds / 1000
    return UTCMonth(wallMilliseconds: (seconds + offset(atSecond: seconds)) * 1000)
  }

  /// When a day of this zone begins.
  package func beginning(of day: CivilDate) -> Int64 { second(of: day) * 1000 }

  private func firstHour(of month: UTCMonth) -> Int64 {
    second(of: CivilDate(firstOf: month)) / 3600
  }

  private func second(of day: CivilDate) -> Int64 {
    let midnight = day.dayNumber * 86_400
    // The offset is asked for at the moment that it leads to, as it may change near midnight.
    let guess = midnight - offset(atSecond: midnight)
    return midnight - offset(atSecond: guess)
  }

  private func offset(atSecond second: Int64) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
  }
}
