// What is known about a code point: category, white space, lowercase, decomposition.

/// The general categories, numbered as `UnicodeTables.categories` numbers them.
enum GeneralCategory: UInt8, CaseIterable {
  case Lu, Ll, Lt, Lm, Lo, Mn, Mc, Me, Nd, Nl, No, Pc, Pd, Ps, Pe, Pi, Pf, Po, Sm, Sc, Sk, So
  case Zs, Zl, Zp, Cc, Cf, Cs, Co, Cn

  var isPunctuation: Bool { rawValue >= Self.Pc.rawValue && rawValue <= Self.Po.rawValue }
  var isOther: Bool { rawValue >= Self.Cc.rawValue }
}

/// Look-ups by code point, made once from the raw tables.
struct UnicodeProperties: Sendable {
  static let shared = UnicodeProperties()

  private let categories: CodePointMap
  private let lowercases: [UInt32: UInt32]
  /// Where a decomposition lies in `UnicodeTables.decompositions`.
  private let decompositions: [UInt32: Range<Int>]
  private let olderCategories: [UInt32: GeneralCategory]

  private init() {
    let runs = UnicodeTables.categories
    categories = CodePointMap(
      runs: runs.map { (start: $0 >> 5, value: UInt8($0 & 31)) })
    var lowercases: [UInt32: UInt32] = [:]
    let pairs = UnicodeTables.lowercase
    for index in stride(from: 0, to: pairs.count, by: 2) {
      lowercases[pairs[index]] = pairs[index + 1]
    }
    self.lowercases = lowercases
    var decompositions: [UInt32: Range<Int>] = [:]
    let parts = UnicodeTables.decompositions
    var index = 0
    while index < parts.count {
      let end = index + 1 + Int(parts[index] & 0xFF)
      decompositions[parts[index] >> 8] = index + 1..<end
      index = end
    }
    self.decompositions = decompositions
    var olderCategories: [UInt32: GeneralCategory] = [:]
    let older = UnicodeTables.olderCategories
    for index in stride(from: 0, to: older.count, by: 3) {
      for codePoint in older[index]...older[index + 1] {
        olderCategories[codePoint] = GeneralCategory(rawValue: UInt8(older[index + 2]))
      }
    }
    self.olderCategories = olderCategories
  }

  /// The general category of any code point, assigned or not.
  func category(of codePoint: UInt32) -> GeneralCategory {
    GeneralCategory(rawValue: categories[codePoint]) ?? .Cn
  }

  /// The general category in version 8.0, as far as marks, punctuation and formats go.
  func olderCategory(of codePoint: UInt32) -> GeneralCategory {
    codePoint < 0x80
      ? category(of: codePoint) : olderCategories[codePoint] ?? category(of: codePoint)
  }

  /// Whether the code point has the property White_Space.
  func isWhiteSpace(_ codePoint: UInt32) -> Bool {
    let ends = UnicodeTables.whiteSpace
    for index in stride(from: 0, to: ends.count, by: 2) where codePoint <= ends[index + 1] {
      return codePoint >= ends[index]
    }
    return false
  }

  /// The simple lowercase mapping, or the code point itself.
  func lowercase(of codePoint: UInt32) -> UInt32 { lowercases[codePoint] ?? codePoint }

  /// Adds the full canonical decomposition of `codePoint` to `result`; Hangul by arithmetic
  /// (The Unicode Standard, 3.12). Marks are not put into canonical order: accents are dropped
  /// next, and no vocabulary has other marks in a row.
  func decompose(_ codePoint: UInt32, into result: inout [UInt32]) {
    if codePoint >= 0xAC00, codePoint < 0xAC00 + 11172 {
      let index = codePoint - 0xAC00
      result.append(0x1100 + index / 588)
      result.append(0x1161 + index % 588 / 28)
      if index % 28 != 0 { result.append(0x11A7 + index % 28) }
    } else if let range = decompositions[codePoint] {
      result.append(contentsOf: UnicodeTables.decompositions[range])
    } else {
      result.append(codePoint)
    }
  }
}
