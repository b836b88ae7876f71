// Accounts: who holds keys, and whether they may use them.

/// Where an account is in its life.
package enum AccountState: Int64, Sendable, CaseIterable {
  /// Asked for, not yet let in: has no keys.
  case pending = 1
  case active = 2
  /// Stopped for a reason; its keys are refused until it is resumed.
  case suspended = 3
  /// Given notice: works until its end.
  case terminating = 4
  /// Over for good.
  case closed = 5

  /// Whether its keys work.
  var mayUseKeys: Bool { self == .active || self == .terminating }

  /// Whether the life of an account may go on to another state.
  package func mayBecome(_ next: AccountState) -> Bool {
    switch (self, next) {
    case (.pending, .active), (.pending, .closed), (.active, .suspended), (.active, .terminating),
      (.suspended, .active), (.suspended, .terminating), (.suspended, .closed),
      (.terminating, .active), (.terminating, .suspended), (.terminating, .closed):
      true
    default: false
    }
  }
}

/// Why an account was suspended.
package enum SuspensionReason: Int64, Sendable, CaseIterable {
  case terms = 1
  case abuse = 2
  case security = 3
  case nonpayment = 4
  case legal = 5

  /// What the refusal says about it.
  var detail: MeterError.Detail {
    switch self {
    case .terms: .terms
    case .abuse: .abuse
    case .security: .security
    case .nonpayment: .nonpayment
    case .legal: .legal
    }
  }
}

/// One row of the table of accounts.
package struct AccountRecord: Hashable, Sendable {
  package let id: AccountID
  package let name: ShortName
  package let state: AccountState
  /// Why it is suspended; nil in every other state.
  package let reason: SuspensionReason?
  /// Milliseconds since 1970.
  package let createdMilliseconds: Int64
}
