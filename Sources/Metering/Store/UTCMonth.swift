// A calendar month in UTC: what files of events are named after.

/// A month, by the proleptic Gregorian calendar.
package struct UTCMonth: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Months since January of year 0.
  package let index: Int64

  /// The month of a moment.
  package init(wallMilliseconds: Int64) {
    // Days are counted from 1 March of year 0, so that leap days come last in their year; 400
    // years have 146,097 days.
    let days = Self.floorDivide(wallMilliseconds, 86_400_000) + 719_468
    let era = Self.floorDivide(days, 146_097)
    let dayOfEra = days - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    index = (era * 400 + yearOfEra) * 12 + monthFromMarch + 2
  }

  /// The month that text such as `2026-11` names, nil for other text.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2,
      parts.joined().utf8.allSatisfy({ (48...57).contains($0) }), let year = Int64(parts[0]),
      let month = Int64(parts[1]), (1...12).contains(month)
    else { return nil }
    index = year * 12 + month - 1
  }

  package static func < (left: UTCMonth, right: UTCMonth) -> Bool { left.index < right.index }

  /// The month before.
  package var previous: UTCMonth { UTCMonth(index: index - 1) }

  /// The month after.
  package var next: UTCMonth { UTCMonth(index: index + 1) }

  /// The hour in which the month begins, counted from 1970-01-01 00:00 UTC.
  package var firstHour: Int64 {
    // As above, with years that begin in March.
    let monthFromMarch = (index + 10) % 12
    let year = (index - 2 - monthFromMarch) / 12
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * monthFromMarch + 2) / 5
    return (days - 719_468) * 24
  }

  private init(index: Int64) { self.index = index }

  /// Such as `2026-11`.
  package var description: String {
    let year = String(index / 12)
    let month = String(index % 12 + 1)
    return String(repeating: "0", count: max(0, 4 - year.utf8.count)) + year + "-"
      + (month.utf8.count < 2 ? "0" + month : month)
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
  }
}
