// Money added up over many accounts, months or nodes. An amount holds 9.2 million euros, which one
// request or one invoice stays below, and a busy year of all customers together does not.

/// A sum of amounts, in 1e-12 EUR and in 128 bits: exact, and without an end that money reaches.
package struct MoneySum: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let rawValue: Int128

  /// Nothing.
  package static let zero = MoneySum(rawValue: 0)

  package init(rawValue: Int128) { self.rawValue = rawValue }

  /// One amount.
  package init(_ amount: PicoEuro) { rawValue = Int128(amount.rawValue) }

  /// The same as an amount; nil beyond the 9.2 million euros that one holds.
  package var amount: PicoEuro? { Int64(exactly: rawValue).map { PicoEuro(rawValue: $0) } }

  package static func < (left: MoneySum, right: MoneySum) -> Bool { left.rawValue < right.rawValue }

  package static func + (left: MoneySum, right: MoneySum) -> MoneySum {
    MoneySum(rawValue: left.rawValue + right.rawValue)
  }

  package static func += (left: inout MoneySum, right: MoneySum) { left = left + right }

  /// The exact sum in euros, such as `12345678.0000015`.
  package var description: String {
    let (euros, rest) = rawValue.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000_000)
    var fraction = String(String(1_000_000_000_000 + rest).dropFirst())
    while fraction.count > 2, fraction.last == "0" { fraction.removeLast() }
    return "\(rawValue < 0 ? "-" : "")\(euros).\(fraction)"
  }
}

extension PicoEuro {
  /// What so many units come to at this price, however many there are.
  package func total(for units: Int64) -> MoneySum {
    MoneySum(rawValue: Int128(rawValue) * Int128(units))
  }
}
