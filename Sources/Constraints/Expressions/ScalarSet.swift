// Sets of characters (Unicode scalars) as sorted ranges.

/// A set of Unicode scalars by their code points. Surrogates are no scalars and never in it.
struct ScalarSet: Equatable, Sendable {
  /// Sorted, disjoint, not touching.
  private(set) var ranges: [ClosedRange<UInt32>] = []

  init(_ ranges: [ClosedRange<UInt32>]) {
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = self.ranges.last, range.lowerBound <= last.upperBound &+ 1 {
        let end = max(last.upperBound, range.upperBound)
        self.ranges[self.ranges.count - 1] = last.lowerBound...end
      } else {
        self.ranges.append(range)
      }
    }
  }

  init(_ scalars: some Sequence<Unicode.Scalar>) { self.init(scalars.map { $0.value...$0.value }) }

  static let all = ScalarSet([0...0xD7FF, 0xE000...0x10FFFF])

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  var complement: ScalarSet {
    var result: [ClosedRange<UInt32>] = []
    for whole in Self.all.ranges {
      var next = whole.lowerBound
      for range in ranges where whole.overlaps(range) {
        if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
        next = range.upperBound + 1
      }
      if next <= whole.upperBound { result.append(next...whole.upperBound) }
    }
    return ScalarSet(result)
  }

  func intersection(_ other: ScalarSet) -> ScalarSet {
    var result = self
    result.ranges = []
    var (mine, others) = (ranges[...], other.ranges[...])
    while let a = mine.first, let b = others.first {
      if a.overlaps(b) { result.ranges.append(a.clamped(to: b)) }
      if a.upperBound < b.upperBound { mine.removeFirst() } else { others.removeFirst() }
    }
    return result
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) }
  }
}

extension ScalarSet {
  /// `\d` of ECMA-262.
  static let digits = ScalarSet([0x30...0x39])
  /// `\w`.
  static let wordCharacters = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  /// `\s`: white space and ends of lines.
  static let whiteSpace = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ])
  /// What `.` does not match.
  static let lineEnds = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])

  /// The scalars of `\p{name}`: a general category such as `L`, `Lu`, `Letter`, or `ASCII`, `Any`.
  /// Nil where it is not known.
  static func property(named name: String) -> ScalarSet? {
    if name == "ASCII" { return ScalarSet([0...0x7F]) }
    if name == "Any" { return all }
    let prefix = "General_Category="
    let short = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    return properties[longNames[short] ?? short]
  }

  /// By general category, and by the letter that several of them begin with.
  private static let properties: [String: ScalarSet] = {
    var ranges: [String: [ClosedRange<UInt32>]] = categories
    for (name, members) in categories { ranges[String(name.prefix(1)), default: []] += members }
    return ranges.mapValues { ScalarSet($0) }
  }()

  private static let longNames = [
    "Letter": "L", "Lowercase_Letter": "Ll", "Uppercase_Letter": "Lu", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd",
    "digit": "Nd", "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P",
    "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk",
    "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Control": "Cc", "cntrl": "Cc",
    "Format": "Cf",
  ]

  /// By the short name of a general category its scalars.
  private static let categories: [String: [ClosedRange<UInt32>]] = {
    var result: [String: [ClosedRange<UInt32>]] = [:]
    var start: UInt32 = 0
    var current: Unicode.GeneralCategory?
    func close(at end: UInt32) {
      if let current, let name = shortNames[current] {
        result[name, default: []].append(start...end)
      }
    }
    for codePoint in UInt32(0)...0x10FFFF {
      // Looking up takes long: in these planes nothing will be assigned for many years.
      let category =
        (0x40000...0xDFFFF).contains(codePoint)
        ? .unassigned : Unicode.Scalar(codePoint)?.properties.generalCategory
      if category != current {
        if codePoint > 0 { close(at: codePoint - 1) }
        (start, current) = (codePoint, category)
      }
    }
    close(at: 0x10FFFF)
    return result
  }()

  private static let shortNames: [Unicode.GeneralCategory: String] = [
    .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
    .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me",
    .decimalNumber: "Nd", .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc",
    .dashPunctuation: "Pd", .openPunctuation: "Ps", .closePunctuation: "Pe",
    .initialPunctuation: "Pi", .finalPunctuation: "Pf", .otherPunctuation: "Po", .mathSymbol: "Sm",
    .currencySymbol: "Sc", .modifierSymbol: "Sk", .otherSymbol: "So", .spaceSeparator: "Zs",
    .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc", .format: "Cf",
    .privateUse: "Co", .unassigned: "Cn",
  ]
}
