// All keys in memory: a request's key is found by its public name and compared in constant time.

/// The keys as they stood at one version of the database.
struct KeyTable: Sendable {
  /// All records, oldest first.
  let records: [KeyRecord]
  let peppers: Peppers
  private var byName: [KeyName: Int32]
  private var byID: [KeyID: Int32]

  /// A table of these keys.
  init(_ records: [KeyRecord], peppers: Peppers) {
    self.records = records
    self.peppers = peppers
    byName = Dictionary(minimumCapacity: records.count)
    byID = Dictionary(minimumCapacity: records.count)
    for (place, record) in records.enumerated() {
      byName[record.name] = Int32(place)
      byID[record.id] = Int32(place)
    }
  }

  /// Whether any key was ever made here. A revoked key counts: revoking the last one must not open
  /// the server to everybody.
  var isEmpty: Bool { records.isEmpty }

  /// The record of a presented key, nil where it is unknown or wrong.
  ///
  /// An unknown name costs the same digest as a wrong secret.
  func record(of key: APIKey) -> KeyRecord? {
    let place = byName[key.publicName].map { Int($0) }
    let pepper = place.flatMap { peppers[Int64(records[$0].pepper)] }
    let digest = KeyDigest((pepper ?? peppers.newest).digest(of: key))
    guard let digest, let place, pepper != nil, records[place].digest.matches(digest) else {
      return nil
    }
    return records[place]
  }

  /// The record of a number, nil where there is none.
  func record(_ id: KeyID) -> KeyRecord? { byID[id].map { records[Int($0)] } }
}
