// How many rows a forward pass may have, so that nobody waits too long for it.

/// Measures steps and says how many rows of prompts the next one may take.
struct StepPace {
  /// What a step shall take, below the gap that was promised: measurements scatter.
  private let goal: Double
  /// Rows are cut to multiples of it, which suit the kernels' tiles; also the fewest.
  static let unit = 8
  /// Seconds for each row of a prompt, as far as measured.
  private var secondsPerRow: Double?
  /// Seconds of a step that only decodes, for each number of rows.
  private var decodeSeconds: [Double] = []

  private static let goalPart = 0.5
  /// How much longer a step may take that no sequence waits for, and the rows it has at least.
  private static let lonelyFactor = 5.0
  private static let lonelyRows = 64
  /// Rows of a step that no sequence waits for, before anything was measured.
  private static let firstLonelyRows = 256
  /// Rows of the first slice beside running sequences, before anything was measured.
  private static let firstRows = 32
  /// How fast good news is believed; bad news is believed at once.
  private static let trust = 0.2

  init(longestGap: Duration) { goal = longestGap.seconds * Self.goalPart }

  /// Rows of prompts beside `decoding` rows, at most `room`.
  func promptRows(decoding: Int, room: Int) -> Int {
    guard decoding > 0 else {
      // Nobody waits for a token, but requests come and are cancelled between steps.
      let rows = secondsPerRow.map { Self.rows(in: goal * Self.lonelyFactor, each: $0) }
      return min(
        room, max(Self.lonelyRows, (rows ?? Self.firstLonelyRows) / Self.unit * Self.unit))
    }
    var rows = Self.firstRows
    if let secondsPerRow {
      rows = Self.rows(in: goal - expectedDecode(decoding), each: secondsPerRow)
    }
    return min(room, max(Self.unit, rows / Self.unit * Self.unit))
  }

  /// Rows that so many seconds are enough for. The seconds may be less than 0, and any number.
  private static func rows(in seconds: Double, each secondsPerRow: Double) -> Int {
    Int(min(max(0, seconds / secondsPerRow), Double(Int32.max)))
  }

  private func expectedDecode(_ rows: Int) -> Double {
    rows < decodeSeconds.count ? decodeSeconds[rows] : 0
  }

  /// A step took `duration`.
  mutating func note(_ duration: Duration, promptRows: Int, decoding: Int) {
    if promptRows == 0 {
      while decodeSeconds.count <= decoding { decodeSeconds.append(0) }
      decodeSeconds[decoding] = Self.blend(decodeSeconds[decoding], duration.seconds)
    } else if promptRows >= Self.unit {
      let rest = max(duration.seconds - expectedDecode(decoding), duration.seconds / 4)
      secondsPerRow = Self.blend(secondsPerRow ?? 0, rest / Double(promptRows))
    }
  }

  private static func blend(_ old: Double, _ new: Double) -> Double {
    new >= old ? new : old + trust * (new - old)
  }
}

extension Duration {
  /// As a number of seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
