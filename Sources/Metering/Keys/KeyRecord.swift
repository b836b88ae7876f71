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

/// One row of the table of keys. A server holds all of them, so what few keys have stands apart.
package struct KeyRecord: Hashable, Sendable {
  package let id: KeyID
  package let account: AccountID
  /// The part of the key that is not secret.
  package let name: KeyName
  /// HMAC-SHA256 of the whole key.
  let digest: KeyDigest
  package let label: ShortName
  /// Milliseconds since 1970.
  package let createdMilliseconds: Int64
  let sharedLimits: SharedLimits?
  let rarities: KeyRarities?
  package let role: KeyRole
  package let state: KeyState
  /// Whether its account may use it.
  package let accountState: AccountState
  /// The number of the pepper that its digest was made with.
  let pepper: Int32

  /// The key's own limits; nil where the server's defaults hold.
  package var limits: LimitRule? { sharedLimits?.rule }
  /// From when on it is refused; nil for never.
  package var expiresMilliseconds: Int64? { rarities?.expiresMilliseconds }
  /// From when on it is refused because another has taken its place; nil where none has.
  package var graceUntilMilliseconds: Int64? { rarities?.graceUntilMilliseconds }
  /// The key whose place it took.
  package var rotatedFrom: KeyID? { rarities?.rotatedFrom }
  /// The first of the keys that led to this one by taking each other's place; the key itself where it
  /// took nobody's. Money and rates of all of them are limited together.
  package var firstKey: KeyID { rarities?.firstKey ?? id }
  /// The models that it may use; empty for all.
  package var models: Set<ModelID> { rarities?.models ?? [] }
  /// The networks that it may be used from; empty for everywhere.
  package var addresses: [AddressRange] { rarities?.addresses ?? [] }
  /// Why its account is stopped.
  var suspension: SuspensionReason? { rarities?.suspension }
  /// From when on it is refused because its account ends; nil where no notice was given.
  var accountEndsMilliseconds: Int64? { rarities?.accountEndsMilliseconds }
}

/// What few keys have.
final class KeyRarities: Hashable, Sendable {
  struct Values: Hashable, Sendable {
    var expiresMilliseconds: Int64?
    var graceUntilMilliseconds: Int64?
    var rotatedFrom: KeyID?
    var firstKey: KeyID?
    var models: Set<ModelID> = []
    var addresses: [AddressRange] = []
    var suspension: SuspensionReason?
    var accountEndsMilliseconds: Int64?
  }

  private let values: Values

  /// Nil where there is nothing rare.
  init?(_ values: Values) {
    guard values != Values() else { return nil }
    self.values = values
  }

  var expiresMilliseconds: Int64? { values.expiresMilliseconds }
  var graceUntilMilliseconds: Int64? { values.graceUntilMilliseconds }
  var rotatedFrom: KeyID? { values.rotatedFrom }
  var firstKey: KeyID? { values.firstKey }
  var models: Set<ModelID> { values.models }
  var addresses: [AddressRange] { values.addresses }
  var suspension: SuspensionReason? { values.suspension }
  var accountEndsMilliseconds: Int64? { values.accountEndsMilliseconds }

  static func == (left: KeyRarities, right: KeyRarities) -> Bool { left.values == right.values }

  func hash(into hasher: inout Hasher) { hasher.combine(values) }
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
  func check(address: ClientAddress?) throws(MeterError) {
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
  /// ``KeyRecord/firstKey`` of it.
  package let firstKey: KeyID
  package let account: AccountID
  package let role: KeyRole

  /// Somebody on this machine, while no key exists.
  package static let local = Principal(
    key: .local, firstKey: .local, account: .local, role: .owner)

  /// Where its spending counts.
  var spendScopes: [LimitScope] { key == .local ? [] : [.key(firstKey), .account(account)] }
}
