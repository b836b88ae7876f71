// Money in integers: a trillionth of a euro, so that a price per million units in millionths of a
// euro is a whole number per unit and nothing is ever rounded before an invoice's line.

/// An amount of money, in 1e-12 EUR. It holds 9.2 million euros either way.
package struct PicoEuro: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let rawValue: Int64

  /// Nothing.
  package static let zero = PicoEuro(rawValue: 0)
  private static let perCent: Int64 = 10_000_000_000

  package init(rawValue: Int64) { self.rawValue = rawValue }

  /// So many whole cents; nil outside the range.
  package init?(cents: Int64) {
    let (value, overflow) = cents.multipliedReportingOverflow(by: Self.perCent)
    guard !overflow else { return nil }
    rawValue = value
  }

  /// The amount that text such as `-12.50` or `0.0000015` names, in euros with at most 12 digits
  /// behind the point; nil for other text and outside the range.
  package init?(_ text: some StringProtocol) {
    let text = String(text)
    let isNegative = text.hasPrefix("-")
    let parts = text.dropFirst(isNegative ? 1 : 0)
      .split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
      parts.joined().utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    let fraction = parts.count == 2 ? parts[1] : ""
    let zeros = 12 - fraction.utf8.count
    guard zeros >= 0,
      let value = Int64(parts[0] + fraction + String(repeating: "0", count: zeros))
    else { return nil }
    rawValue = isNegative ? -value : value
  }

  package static func < (left: PicoEuro, right: PicoEuro) -> Bool { left.rawValue < right.rawValue }

  /// The sum, or an error where it leaves the range: money never wraps and never turns to a float.
  package func adding(_ other: PicoEuro) throws(MoneyError) -> PicoEuro {
    let (sum, overflow) = rawValue.addingReportingOverflow(other.rawValue)
    guard !overflow else { throw .outOfRange }
    return PicoEuro(rawValue: sum)
  }

  /// The amount for so many units, or an error where it leaves the range.
  package func times(_ units: Int64) throws(MoneyError) -> PicoEuro {
    let (product, overflow) = rawValue.multipliedReportingOverflow(by: units)
    guard !overflow else { throw .outOfRange }
    return PicoEuro(rawValue: product)
  }

  /// Whole cents, halves away from zero: the one rounding there is, used once a line of an invoice.
  package var roundedCents: Int64 {
    let (cents, rest) = rawValue.quotientAndRemainder(dividingBy: Self.perCent)
    return cents + (rest >= Self.perCent / 2 ? 1 : rest <= -Self.perCent / 2 ? -1 : 0)
  }

  /// The exact amount in euros, such as `0.0000015`.
  package var description: String { MoneySum(self).description }
}

/// Arithmetic that money does not survive.
package enum MoneyError: Error, Sendable {
  /// A sum or product beyond 9.2 million euros.
  case outOfRange
}
