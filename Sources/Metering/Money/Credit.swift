// How accounts pay, and what they have paid in advance.

/// When an account pays. The raw value is what the store holds.
package enum BillingMode: Int64, Sendable, CaseIterable {
  /// Once a month, for what was used.
  case postpaid = 1
  /// In advance; answers end at the last token that the credit pays for.
  case prepaid = 2
}

/// Why the credit of an account has changed. The raw value is what the store holds.
package enum CreditKind: Int64, Sendable, CaseIterable {
  /// Money came in.
  case topUp = 1
  /// Money went back.
  case refund = 2
  /// A correction, either way.
  case adjustment = 3
  /// All that was used until the account began, or ceased, to pay in advance: what is owed in the
  /// usual way does not count against credit.
  case otherUse = 4
}

/// One line of an account's credit; none is ever changed.
package struct CreditEntry: Hashable, Sendable {
  package let number: Int64
  package let kind: CreditKind
  /// Below zero where the credit became less.
  package let amount: PicoEuro
  /// A number of a payment or the like, at most 64 characters.
  package let reference: String
  package let atMilliseconds: Int64
}

/// What a key or an account may spend in a calendar month.
package struct Budget: Hashable, Sendable {
  /// Answers end at the last token that this pays for; nil for no end.
  package var hard: PicoEuro?
  /// Above it the account's owners get a notice, once a month for each limit that was set; nil for
  /// none.
  package var soft: PicoEuro?

  /// A budget of either kind or both.
  package init(hard: PicoEuro? = nil, soft: PicoEuro? = nil) {
    self.hard = hard
    self.soft = soft
  }
}
