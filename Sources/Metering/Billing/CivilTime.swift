// A moment, for people.

/// A minute of a day: `2026-11-22 08:05 UTC`.
package struct CivilTime: CustomStringConvertible, Sendable {
  package let description: String

  /// The minute of a moment, in milliseconds since 1970.
  package init(_ wallMilliseconds: Int64) {
    let day = CivilDate(of: wallMilliseconds)
    let minute = wallMilliseconds / 60_000 - day.dayNumber * 1440
    let parts = [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    description = "\(day) \(parts.joined(separator: ":")) UTC"
  }
}
