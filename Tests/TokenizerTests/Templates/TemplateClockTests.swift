// What `strftime_now` writes.

import JSON
import Testing
import Tokenizer

@Suite struct TemplateClockTests {
  @Test(arguments: [
    ("%Y-%m-%d", "2026-03-04"), ("%d %b %Y", "04 Mar 2026"), ("%B %d, %Y", "March 04, 2026"),
    ("%A %a %w %u", "Wednesday Wed 3 3"), ("%H:%M:%S %I %p", "00:05:06 12 AM"),
    ("%-d/%-m/%y %e", "4/3/26  4"), ("%j %F %T %D %R", "063 2026-03-04 00:05:06 03/04/26 00:05"),
    ("%c", "Wed Mar  4 00:05:06 2026"), ("%f%z%Z", "000000"), ("100%% é %n%t%h", "100% é \n\tMar"),
    ("%Q %", "%Q %"), ("", ""),
  ])
  func `each code is written as C does`(format: String, text: String) throws {
    let template = try ChatTemplate("{{ strftime_now(format) }}")
    let clock = TemplateClock.fixed(year: 2026, month: 3, day: 4, hour: 0, minute: 5, second: 6)
    #expect(try template.render(["format": .string(format)], now: clock) == text)
  }

  @Test(arguments: [
    (2000, 2, 29, "Tuesday 060"), (2024, 12, 31, "Tuesday 366"), (1999, 1, 1, "Friday 001"),
    (2023, 3, 1, "Wednesday 060"),
  ])
  func `days of the week and year are counted`(
    year: Int, month: Int, day: Int, text: String
  ) throws {
    let clock = TemplateClock.fixed(
      year: year, month: month, day: day, hour: 13, minute: 0, second: 0)
    let template = try ChatTemplate("{{ strftime_now('%A %j') }}")
    #expect(try template.render([:], now: clock) == text)
  }

  @Test func `a time that no calendar has is moved to one that it has`() throws {
    let clock = TemplateClock.fixed(
      year: .max, month: .max, day: .min, hour: -1, minute: .max, second: .min)
    let template = try ChatTemplate("{{ strftime_now('%c %j') }}")
    #expect(try template.render([:], now: clock) == "Wed Dec  1 00:59:00 9999 335")
  }

  @Test func `the system's clock is in this century`() throws {
    let text = try ChatTemplate("{{ strftime_now('%Y-%m-%d') }}").render([:])
    #expect(text.hasPrefix("20"))
    #expect(text.utf8.count == 10)
  }
}
