// The time that a template sees, and how it is written.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The time that `strftime_now` sees.
public enum TemplateClock: Sendable, Equatable {
  /// The machine's clock, in its time zone.
  case system
  /// A local time that stands still; months and days count from 1. What no calendar has is moved
  /// to the nearest that it has.
  case fixed(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int)
}

/// A moment in the calendar, in English.
struct TemplateTime {
  private var year: Int
  private var month: Int
  private var day: Int
  private var hour: Int
  private var minute: Int
  private var second: Int

  init(_ clock: TemplateClock) {
    switch clock {
    case .fixed(let year, let month, let day, let hour, let minute, let second):
      self.year = min(max(year, 1), 9999)
      self.month = min(max(month, 1), 12)
      self.day = min(max(day, 1), 31)
      self.hour = min(max(hour, 0), 23)
      self.minute = min(max(minute, 0), 59)
      self.second = min(max(second, 0), 60)
    case .system:
      var moment = time(nil)
      var local = tm()
      localtime_r(&moment, &local)
      year = Int(local.tm_year) + 1900
      month = Int(local.tm_mon) + 1
      day = Int(local.tm_mday)
      hour = Int(local.tm_hour)
      minute = Int(local.tm_min)
      second = Int(local.tm_sec)
    }
  }

  /// The time in the form that C's `strftime` describes; an unknown code stays as it is.
  func formatted(_ format: TemplateText) -> TemplateText {
    var result: [UInt8] = []
    var rest = format.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%"), let next = rest.first else {
        result.append(byte)
        continue
      }
      let isPadded = next != UInt8(ascii: "-")
      let code = isPadded ? next : rest.dropFirst().first ?? 0
      guard let text = field(code, isPadded: isPadded) else {
        result.append(byte)
        continue
      }
      rest = rest.dropFirst(isPadded ? 1 : 2)
      result += text.utf8
    }
    return TemplateText(utf8: result)
  }

  private func field(_ code: UInt8, isPadded: Bool) -> String? {
    func digits(_ value: Int, _ width: Int = 2, with pad: Character = "0") -> String {
      let text = String(value)
      return String(repeating: pad, count: isPadded ? max(0, width - text.count) : 0) + text
    }
    let hour12 = hour % 12 == 0 ? 12 : hour % 12
    return switch Character(Unicode.Scalar(code)) {
    case "Y": digits(year, 4)
    case "C": digits(year / 100)
    case "G": digits(weekDate.year, 4)
    case "g": digits(weekDate.year % 100)
    case "V": digits(weekDate.week)
    case "U": digits((dayOfYear + 6 - dayOfWeek) / 7)
    case "W": digits((dayOfYear + 6 - (dayOfWeek + 6) % 7) / 7)
    case "y": digits(year % 100)
    case "m": digits(month)
    case "d": digits(day)
    case "e": digits(day, with: " ")
    case "j": digits(dayOfYear, 3)
    case "H": digits(hour)
    case "I": digits(hour12)
    case "M": digits(minute)
    case "S": digits(second)
    case "f": "000000"
    case "p": hour < 12 ? "AM" : "PM"
    case "A": Self.dayNames[dayOfWeek]
    case "a": String(Self.dayNames[dayOfWeek].prefix(3))
    case "w": String(dayOfWeek)
    case "u": String(dayOfWeek == 0 ? 7 : dayOfWeek)
    case "B": Self.monthNames[month - 1]
    case "b", "h": String(Self.monthNames[month - 1].prefix(3))
    case "F": "\(digits(year, 4))-\(digits(month))-\(digits(day))"
    case "D", "x": "\(digits(month))/\(digits(day))/\(digits(year % 100))"
    case "T", "X": "\(digits(hour)):\(digits(minute)):\(digits(second))"
    case "R": "\(digits(hour)):\(digits(minute))"
    case "c":
      "\(Self.dayNames[dayOfWeek].prefix(3)) \(Self.monthNames[month - 1].prefix(3)) "
        + "\(digits(day, with: " ")) \(digits(hour)):\(digits(minute)):\(digits(second)) \(year)"
    // Python's local time without a zone has neither an offset nor a name.
    case "z", "Z": ""
    case "n": "\n"
    case "t": "\t"
    case "%": "%"
    default: nil
    }
  }

  private static let dayNames = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]
  private static let monthNames = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

  private var dayOfYear: Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return Self.daysBeforeMonth[month - 1] + day + (isLeap && month > 2 ? 1 : 0)
  }

  /// The year and week of ISO 8601: a week belongs to the year of its Thursday.
  private var weekDate: (year: Int, week: Int) {
    let thursday = dayOfYear + 3 - (dayOfWeek + 6) % 7
    func length(_ year: Int) -> Int {
      year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365
    }
    if thursday < 1 { return (year - 1, (thursday + length(year - 1) + 6) / 7) }
    if thursday > length(year) { return (year + 1, 1) }
    return (year, (thursday + 6) / 7)
  }

  /// 0 is Sunday.
  private var dayOfWeek: Int {
    let past = year - 1
    return (past + past / 4 - past / 100 + past / 400 + dayOfYear) % 7
  }
}
