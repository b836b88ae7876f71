// Sets of code points as sorted ranges, and the named sets that patterns use.

/// A set of code points.
struct CodePointSet: Equatable {
  /// Sorted, disjoint, not touching.
  private(set) var ranges: [ClosedRange<UInt32>]

  init(_ ranges: [ClosedRange<UInt32>] = []) {
    self.ranges = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = self.ranges.last, range.lowerBound <= last.upperBound + 1 {
        let end = max(last.upperBound, range.upperBound)
        self.ranges[self.ranges.count - 1] = last.lowerBound...end
      } else {
        self.ranges.append(range)
      }
    }
  }

  /// All code points whose category satisfies `isMember`.
  init(categories isMember: (GeneralCategory) -> Bool) {
    let runs = UnicodeTables.categories
    let members = GeneralCategory.allCases.map(isMember)
    var ranges: [ClosedRange<UInt32>] = []
    for index in runs.indices where members[Int(runs[index] & 31)] {
      let end = index + 1 < runs.count ? (runs[index + 1] >> 5) - 1 : 0x10FFFF
      ranges.append(runs[index] >> 5...end)
    }
    self.init(ranges)
  }

  /// White_Space.
  static let whiteSpace = CodePointSet(
    stride(from: 0, to: UnicodeTables.whiteSpace.count, by: 2).map {
      UnicodeTables.whiteSpace[$0]...UnicodeTables.whiteSpace[$0 + 1]
    })

  /// The categories whose names begin with `name`: `L` is all letters, `Lu` capital letters.
  static func category(_ name: String) -> CodePointSet {
    CodePointSet(categories: { "\($0)".hasPrefix(name) })
  }

  func union(_ other: CodePointSet) -> CodePointSet { CodePointSet(ranges + other.ranges) }

  var complement: CodePointSet {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return CodePointSet(result)
  }

  func subtracting(_ other: CodePointSet) -> CodePointSet {
    complement.union(other).complement
  }
}
