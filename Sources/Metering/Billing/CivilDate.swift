// A day of the calendar, for documents that people and tax offices read.

/// A day by the proleptic Gregorian calendar.
package struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Days since 1970-01-01.
  package let dayNumber: Int64

  /// So many days after 1970-01-01.
  package init(dayNumber: Int64) { self.dayNumber = dayNumber }

  /// The first day of a month.
  package init(firstOf month: UTCMonth) { dayNumber = month.firstHour / 24 }

  package static func < (left: CivilDate, right: CivilDate) -> Bool {
    left.dayNumber < right.dayNumber
  }

  /// So many days later.
  package func adding(days: Int64) -> CivilDate { CivilDate(dayNumber: dayNumber + days) }

  /// Such as `2026-11-22`.
  package var description: String {
    let month = UTCMonth(wallMilliseconds: dayNumber * 86_400_000)
    let day = dayNumber - month.firstHour / 24 + 1
    return "\(month)-\(day < 10 ? "0" : "")\(day)"
  }
}
