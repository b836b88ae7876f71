// Scalefactors: how loud each band is, or where it comes from if the second channel is a direction
// (ISO/IEC 11172-3, 2.4.2.7; 13818-3, 2.4.3.2).

/// The scalefactors of one channel, in the order of its bands; those of the last bands are not
/// written and stay 0.
struct MP3Scalefactors {
  static let count = 39

  private(set) var values = [Int](repeating: 0, count: count)
  /// Bits of each.
  private var sizes = [Int](repeating: 0, count: count)
  private(set) var isPreemphasized = false
  private let isMPEG1: Bool

  init(_ header: MP3Header) { isMPEG1 = header.version == .mpeg1 }

  /// Reads those of a granule. Groups that are shared, by their bits from the highest, stay as they
  /// are.
  mutating func read(
    _ reader: inout BitReader, _ granule: MP3Granule, shared: Int, isDirection: Bool
  ) {
    let parts: [(count: Int, size: Int)]
    if isMPEG1 {
      isPreemphasized = granule.isPreemphasized
      parts = Self.parts(granule)
    } else {
      (parts, isPreemphasized) = Self.lowRateParts(granule, isDirection: isDirection)
    }
    var index = 0
    for part in parts {
      for _ in 0..<part.count {
        let group = index < 6 ? 8 : index < 11 ? 4 : index < 16 ? 2 : 1
        if shared & group == 0 || granule.blocks == .short {
          values[index] = reader.read(part.size)
          sizes[index] = part.size
        }
        index += 1
      }
    }
    while index < Self.count {
      values[index] = 0
      sizes[index] = 0
      index += 1
    }
  }

  /// The direction of a band that is written as one: 0 for one side, and so on to the other.
  func direction(_ index: Int) -> Int? {
    let value = values[index]
    if isMPEG1 { return value < 7 ? value : nil }
    return sizes[index] > 0 && value == 1 << sizes[index] - 1 ? nil : value
  }

  private static func parts(_ granule: MP3Granule) -> [(count: Int, size: Int)] {
    let lower = [0, 0, 0, 0, 3, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4][granule.scalefactorSizes]
    let upper = [0, 1, 2, 3, 0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 2, 3][granule.scalefactorSizes]
    guard granule.blocks == .short else { return [(11, lower), (10, upper)] }
    return [(granule.isMixed ? 17 : 18, lower), (18, upper)]
  }

  private static func lowRateParts(
    _ granule: MP3Granule, isDirection: Bool
  ) -> (parts: [(count: Int, size: Int)], isPreemphasized: Bool) {
    let code = granule.scalefactorSizes
    let sizes: [Int]
    let row: Int
    if isDirection {
      switch code >> 1 {
      case let half where half < 180:
        (row, sizes) = (3, [half / 36, half % 36 / 6, half % 6, 0])
      case let half where half < 244:
        (row, sizes) = (4, [(half - 180) >> 4 & 3, (half - 180) >> 2 & 3, (half - 180) & 3, 0])
      case let half:
        (row, sizes) = (5, [(half - 244) / 3, (half - 244) % 3, 0, 0])
      }
    } else {
      switch code {
      case ..<400: (row, sizes) = (0, [(code >> 4) / 5, (code >> 4) % 5, code >> 2 & 3, code & 3])
      case ..<500:
        let rest = code - 400
        (row, sizes) = (1, [(rest >> 2) / 5, (rest >> 2) % 5, rest & 3, 0])
      default: (row, sizes) = (2, [(code - 500) / 3, (code - 500) % 3, 0, 0])
      }
    }
    let column = granule.blocks == .short ? (granule.isMixed ? 2 : 1) : 0
    return (Array(zip(lowRateCounts[row][column], sizes)), row == 2)
  }

  /// Scalefactors of four sizes: by the row, for long, short and mixed blocks.
  private static let lowRateCounts = [
    [[6, 5, 5, 5], [9, 9, 9, 9], [6, 9, 9, 9]],
    [[6, 5, 7, 3], [9, 9, 12, 6], [6, 9, 12, 6]],
    [[11, 10, 0, 0], [18, 18, 0, 0], [15, 18, 0, 0]],
    [[7, 7, 7, 0], [12, 12, 12, 0], [6, 15, 12, 0]],
    [[6, 6, 6, 3], [12, 9, 9, 6], [6, 12, 9, 6]],
    [[8, 8, 5, 0], [15, 12, 9, 0], [6, 18, 9, 0]],
  ]
}
