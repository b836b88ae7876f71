// How durations are written in rate-limit headers and messages: `12ms`, `1.57s`, `6m0s`.

/// A duration in the text form of OpenAI's headers, rounded up to a whole millisecond below one
/// minute and to a whole second above; `0s` for nothing.
package func durationText(nanoseconds: Int64) -> String {
  guard nanoseconds > 0 else { return "0s" }
  let milliseconds = (nanoseconds - 1) / 1_000_000 + 1
  if milliseconds < 1000 { return "\(milliseconds)ms" }
  if milliseconds < 60_000 {
    let rest = milliseconds % 1000
    guard rest > 0 else { return "\(milliseconds / 1000)s" }
    var digits = String(1000 + rest).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(milliseconds / 1000).\(digits)s"
  }
  let seconds = (milliseconds - 1) / 1000 + 1
  let hours = seconds / 3600
  let minutes = seconds / 60 % 60
  return hours > 0
    ? "\(hours)h\(minutes)m\(seconds % 60)s" : "\(minutes)m\(seconds % 60)s"
}
