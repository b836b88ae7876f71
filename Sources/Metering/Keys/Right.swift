// What the holder of a key may do for an account, by role.

/// Something that a role may or may not do.
package enum Right: Sendable, CaseIterable {
  /// Ask models.
  case useModels
  /// See what the own key used.
  case readOwnUsage
  /// See what all keys of the account used.
  case readUsage
  /// See invoices, and dispute them.
  case readInvoices
  /// Make, replace and revoke keys.
  case manageKeys
  /// Give notice, accept terms.
  case manageAccount
}

extension KeyRole {
  /// Whether the role may do this.
  package func may(_ right: Right) -> Bool {
    switch self {
    case .owner: true
    case .mainUser: right != .manageAccount
    case .billing: [.readOwnUsage, .readUsage, .readInvoices].contains(right)
    case .member, .service: [.useModels, .readOwnUsage].contains(right)
    }
  }
}

extension Principal {
  /// Throws the refusal of what the role may not do.
  ///
  /// - Throws: ``MeterError``: 403.
  package func require(_ right: Right) throws(MeterError) {
    guard role.may(right) else { throw .roleNotAllowed }
  }
}
