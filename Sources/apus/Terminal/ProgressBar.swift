// How far a download is: a line that is redrawn, where somebody looks.

/// A bar with amount, speed and time left. Draws nothing where standard error is no terminal.
struct ProgressBar {
  private let title: String
  private let total: Int
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  /// Bytes that were there before this start, which say nothing about the speed.
  private let initial: Int
  private static let width = 24

  init(_ title: String, total: Int, initial: Int) {
    self.title = title
    self.total = total
    self.initial = initial
    start = clock.now
  }

  func draw(_ bytes: Int) {
    guard Terminal.isErrorInteractive else { return }
    let share = total > 0 ? min(1, max(0, Double(bytes) / Double(total))) : 1
    let filled = Int(share * Double(Self.width))
    let bar =
      String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
    var line =
      "\(title) [\(bar)] \(Int(share * 100)) %  \(byteText(bytes)) of \(byteText(total))"
    let seconds = (clock.now - start) / .seconds(1)
    let speed = Double(bytes - initial) / max(seconds, 1e-3)
    if seconds > 1, speed > 0 {
      let left = Int((Double(max(0, total - bytes)) / speed).rounded(.up))
      let rest = left % 60
      line += "  \(byteText(Int(speed)))/s  \(left / 60):\(rest < 10 ? "0" : "")\(rest)"
    }
    Terminal.noteInPlace("\r\u{1B}[K" + line)
  }

  /// Takes the line away.
  func clear() {
    if Terminal.isErrorInteractive { Terminal.noteInPlace("\r\u{1B}[K") }
  }
}
