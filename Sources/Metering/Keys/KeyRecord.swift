// A key as the database and the running server know it: everything but the key.

/// What a key may do; recorded with its requests where the metadata profile names it.
package enum KeyRole: Int64, Sendable, CaseIterable {
  case owner = 1
  case mainUser = 2
  case billing = 3
  case member = 4
  case service = 5

  /// How commands and answers call it.
  package var word: String { self == .mainUser ? "main_user" : "\(self)" }
}

/// Whether a key works.
package enum KeyState: Int64, Sendable, CaseIterable {
  case active = 1
  case revoked = 2
}

/// One row of the table of keys.
package struct KeyRecord: Hashable, Sendable {
  package let id: KeyID
  package let account: AccountID
  /// The part of the key that is not secret.
  package let name: KeyName
  /// HMAC-SHA256 of the whole key, 32 bytes.
  let digest: [UInt8]
  package let role: KeyRole
  package let label: ShortName
  package let state: KeyState
  /// Milliseconds since 1970.
  package let createdMilliseconds: Int64
  /// From when on it is refused; nil for never.
  package let expiresMilliseconds: Int64?
  /// From when on it is refused because another has taken its place; nil where none has.
  package let graceUntilMilliseconds: Int64?
  /// The key whose place it took.
  package let rotatedFrom: KeyID?
  /// Whether its account may use it, and why not.
  package let accountState: AccountState
  let suspension: SuspensionReason?
  /// From when on it is refused because its account ends; nil where no notice was given.
  let accountEndsMilliseconds: Int64?
  /// The key's own limits; nil where the server's defaults hold.
  package let limits: LimitRule?
  /// The models that it may use; empty for all.
  package let models: Set<ModelID>
  /// The networks that it may be used from; empty for everywhere.
  package let addresses: [AddressRange]
}

extension KeyRecord {
  /// Throws the refusal of a key whose digest was right: 401 where it does not work any more, 403
  /// where its account is stopped.
  func check(at wallMilliseconds: Int64) throws(MeterError) {
    let ends = [expiresMilliseconds, graceUntilMilliseconds].compactMap(\.self)
    guard state == .active, ends.allSatisfy({ wallMilliseconds < $0 }) else {
      throw .invalidAPIKey
    }
    if let accountEndsMilliseconds, wallMilliseconds >= accountEndsMilliseconds {
      throw .accountSuspended(.terminated)
    }
    guard accountState.mayUseKeys else {
      throw .accountSuspended(suspension?.detail ?? .terminated)
    }
  }

  /// Throws the refusal of a client that is not where the key may be used. One whose address is
  /// unknown is nowhere.
  func check(address: NetworkAddress?) throws(MeterError) {
    guard !addresses.isEmpty else { return }
    guard let address, addresses.contains(where: { $0.contains(address) }) else {
      throw .addressNotAuthorized
    }
  }

  /// Throws the refusal of a model that the key may not use: the same as for one that is not there.
  func check(model: ModelID) throws(MeterError) {
    guard models.isEmpty || models.contains(model) else { throw .modelNotFound }
  }
}

/// Who is asking, as far as limits and the ledger need to know.
package struct Principal: Hashable, Sendable {
  package let key: KeyID
  package let account: AccountID
  package let role: KeyRole

  /// Somebody on this machine, while no key exists.
  package static let local = Principal(key: .local, account: .local, role: .owner)

  /// Where its spending counts.
  var spendScopes: [LimitScope] { key == .local ? [] : [.key(key), .account(account)] }
}
