// Runs of digits in groups of three.

/// Splits runs of digits into groups of three counted from the right, as thousands are written.
enum DigitGroups: Sendable {
  /// A run's end is a border and its start is not: what stands before a run stays with its first
  /// group. Digits are all of category N.
  case endingRuns
  /// A run's start is a border if its first group has three digits, and its end is not. Digits
  /// are 0 to 9.
  case startingRuns

  private func isDigit(_ codePoint: UInt32) -> Bool {
    if codePoint < 0x80 || self == .startingRuns { return (0x30...0x39).contains(codePoint) }
    return switch UnicodeProperties.shared.category(of: codePoint) {
    case .Nd, .Nl, .No: true
    default: false
    }
  }

  /// Adds to `borders` where the pieces of `bytes[start..<end]`, which is not empty, end.
  func appendBorders(in bytes: [UInt8], from start: Int, to end: Int, _ borders: inout [Int]) {
    var position = start
    var last = start
    // The places between the characters of a run, its start and end included.
    var places: [Int] = []
    while position < end {
      places.removeAll(keepingCapacity: true)
      places.append(position)
      while position < end {
        let character = bytes.character(at: position, before: end)
        guard isDigit(character.codePoint) else { break }
        position += character.length
        places.append(position)
      }
      let count = places.count - 1
      if count == 0 {
        position += bytes.character(at: position, before: end).length
        continue
      }
      for group in stride(from: count % 3, through: count, by: 3) {
        let isOuter = self == .startingRuns ? group == count : group == 0
        if isOuter || places[group] == last { continue }
        borders.append(places[group])
        last = places[group]
      }
    }
    if last < end { borders.append(end) }
  }
}
