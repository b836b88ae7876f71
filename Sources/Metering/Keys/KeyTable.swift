// All keys in memory: a request's key is found by its public name and compared in constant time.

/// The keys as they stood at one version of the database.
struct KeyTable: Sendable {
  private var byName: [KeyName: KeyRecord] = [:]
  private var byID: [KeyID: KeyName] = [:]

  /// A table of these keys.
  init(_ records: [KeyRecord]) {
    for record in records {
      byName[record.name] = record
      byID[record.id] = record.name
    }
  }

  /// Whether any key was ever made here. A revoked key counts: revoking the last one must not open
  /// the server to everybody.
  var isEmpty: Bool { byName.isEmpty }

  /// The record of a presented key, nil where it is unknown or wrong.
  ///
  /// An unknown name costs the same digest as a wrong secret.
  func record(of key: APIKey, pepper: Pepper) -> KeyRecord? {
    let digest = pepper.digest(of: key)
    guard let record = byName[key.publicName], LibCrypto.areEqual(digest, record.digest) else {
      return nil
    }
    return record
  }

  /// All records, in no order.
  var records: some Collection<KeyRecord> { byName.values }

  /// The record of a number, nil where there is none.
  func record(_ id: KeyID) -> KeyRecord? { byID[id].flatMap { byName[$0] } }
}
