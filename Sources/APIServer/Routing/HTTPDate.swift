// The `Date` header, written once in a second.

import Metering
import Synchronization

/// A date as HTTP has it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
  private static let written = Mutex<(second: Int64, text: String)>((-1, ""))

  static var now: String {
    let second = MeterClock.system.wallMilliseconds() / 1000
    return written.withLock { written in
      if written.second != second { written = (second, text(second)) }
      return written.text
    }
  }

  /// - Parameter second: since 1970, at least 0.
  package static func text(_ second: Int64) -> String {
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb",
    ]
    let (days, time) = second.quotientAndRemainder(dividingBy: 86_400)
    // Days since 1 March of year 0; years of 365.2425 days that end with February.
    let day = days + 719_468
    let era = day / 146_097
    let dayOfEra = day % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(weekdays[Int(days % 7)]), \(two(dayOfYear - (153 * month + 2) / 5 + 1)) "
      + "\(months[Int(month)]) \(year) "
      + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
  }
}
