// The bands that share a scalefactor (ISO/IEC 11172-3, table B.8; 13818-3, table B.2).

/// A run of values that share a scalefactor, in the order they are written.
struct MP3Band {
  let range: Range<Int>
  /// Which of three short windows; nil in a long block.
  let window: Int?
}

/// The bands of one sampling rate.
struct MP3Bands: Sendable {
  /// Where long bands begin, and the end.
  let longStarts: [Int]
  /// By how blocks are divided, in the order of scalefactors.
  let long: [MP3Band]
  let short: [MP3Band]
  let mixed: [MP3Band]
  /// Where the second region ends the first in short blocks, and in the long ones beside them.
  let shortRegionEnd: Int
  let switchedRegionEnd: Int

  func bands(of granule: MP3Granule) -> [MP3Band] {
    granule.blocks == .short ? (granule.isMixed ? mixed : short) : long
  }

  /// The bands of a version and rate.
  static func of(_ header: MP3Header) -> MP3Bands {
    all[3 * header.version.rawValue + header.rateIndex]
  }

  private static let all: [MP3Bands] = zip(longTable, shortTable).enumerated().map {
    MP3Bands(long: $1.0, short: $1.1, isMPEG1: $0 < 3)
  }

  private init(long longStarts: [Int], short shortStarts: [Int], isMPEG1: Bool) {
    self.longStarts = longStarts
    long = zip(longStarts, longStarts.dropFirst()).map { MP3Band(range: $0..<$1, window: nil) }
    short = zip(shortStarts, shortStarts.dropFirst()).flatMap { start, end in
      (0..<3).map { window in
        let first = 3 * start + window * (end - start)
        return MP3Band(range: first..<first + end - start, window: window)
      }
    }
    // As many long bands as there are below the fourth short one.
    mixed = Array(long.prefix(isMPEG1 ? 8 : 6) + short.dropFirst(9))
    shortRegionEnd = 3 * shortStarts[3]
    switchedRegionEnd = longStarts[8]
  }

  private static let longTable = [
    [
      0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 52, 62, 74, 90, 110, 134, 162, 196, 238, 288, 342, 418,
      576,
    ],
    [
      0, 4, 8, 12, 16, 20, 24, 30, 36, 42, 50, 60, 72, 88, 106, 128, 156, 190, 230, 276, 330, 384,
      576,
    ],
    [
      0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 54, 66, 82, 102, 126, 156, 194, 240, 296, 364, 448, 550,
      576,
    ],
    halfLong,
    [
      0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 114, 136, 162, 194, 232, 278, 332, 394, 464,
      540, 576,
    ],
    halfLong, halfLong, halfLong,
    [
      0, 12, 24, 36, 48, 60, 72, 88, 108, 132, 160, 192, 232, 280, 336, 400, 476, 566, 568, 570,
      572, 574, 576,
    ],
  ]
  private static let halfLong = [
    0, 6, 12, 18, 24, 30, 36, 44, 54, 66, 80, 96, 116, 140, 168, 200, 238, 284, 336, 396, 464, 522,
    576,
  ]

  private static let shortTable = [
    [0, 4, 8, 12, 16, 22, 30, 40, 52, 66, 84, 106, 136, 192],
    [0, 4, 8, 12, 16, 22, 28, 38, 50, 64, 80, 100, 126, 192],
    [0, 4, 8, 12, 16, 22, 30, 42, 58, 78, 104, 138, 180, 192],
    [0, 4, 8, 12, 18, 24, 32, 42, 56, 74, 100, 132, 174, 192],
    [0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 136, 180, 192],
    [0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 134, 174, 192],
    [0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 134, 174, 192],
    [0, 4, 8, 12, 18, 26, 36, 48, 62, 80, 104, 134, 174, 192],
    [0, 8, 16, 24, 36, 52, 72, 96, 124, 160, 162, 164, 166, 192],
  ]
}
