// Dates as HTTP writes them.

import APIServer
import FoundationEssentials
import Testing

@Suite struct HTTPDateTests {
  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
    (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
    (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
    (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
  ])
  func datesAreWrittenAsTheRFCHasThem(second: Int64, text: String) {
    #expect(HTTPDate.text(second) == text)
  }

  @Test func daysOfFourCenturiesAreThoseOfTheCalendar() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    for day in stride(from: Int64(0), to: 146_097, by: 13) {
      let parts = calendar.dateComponents(
        [.day, .year, .weekday], from: Date(timeIntervalSince1970: Double(day * 86_400)))
      let words = HTTPDate.text(day * 86_400).split(separator: " ")
      #expect(Int(words[1]) == parts.day && Int(words[3]) == parts.year, "\(day)")
      let weekdays = ["Sun,", "Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,"]
      #expect(words[0] == weekdays[(parts.weekday ?? 0) - 1], "\(day)")
    }
  }
}
