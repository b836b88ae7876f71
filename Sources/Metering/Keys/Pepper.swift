// The secrets that key digests are made with: files beside the database, readable by their owner
// only.
//
// Whoever steals the database alone cannot even test a guess. A pepper that may have leaked is
// followed by another: keys that are made from then on need the new one alone, and each row tells
// which it was.

import FoundationEssentials

/// One pepper of a data folder.
struct Pepper: Sendable {
  private static let length = 32

  /// The number that rows of the key table remember it by, and that its file is named by.
  let id: Int64
  private let code: MessageCode

  /// What is stored of a key: HMAC-SHA256, 32 bytes; empty only if libcrypto itself fails.
  func digest(of key: APIKey) -> [UInt8] { code.digest(of: key.bytes) }

  /// Reads a pepper, or makes it where there is none and `mayCreate` allows it.
  ///
  /// - Throws: ``UsageStoreError`` where the file is missing, is readable by others, or has the
  ///   wrong length, and where the data folder has another one of the number than the credentials.
  fileprivate init(
    _ id: Int64, in place: PepperPlace, mayCreate: Bool = false
  ) throws(UsageStoreError) {
    let bytes = try SecretFile.bytes(
      of: place.path(id), length: Self.length, mayCreate: mayCreate,
      isCredential: place.isCredential(id))
    if let shadowed = place.shadowedPath(id) {
      // Keys that were made with the one would be refused by who reads the other.
      let others = try SecretFile.bytes(of: shadowed, length: Self.length, mayCreate: false)
      guard LibCrypto.areEqual(bytes, others) else {
        throw UsageStoreError(
          .unusablePepper,
          "'\(shadowed)' and the credential '\(PepperPlace.name(id))' differ: keep the one that the "
            + "keys were made with")
      }
    }
    guard let code = MessageCode(key: bytes) else {
      throw UsageStoreError(.unusablePepper, "the system's libcrypto offers no SHA-256")
    }
    self.id = id
    self.code = code
  }
}

/// Where peppers lie: as `pepper-1` and so on in the data folder, or under the same names among the
/// credentials that systemd gives a service (`LoadCredential=`), which come first.
struct PepperPlace: Sendable {
  let folder: String
  /// `$CREDENTIALS_DIRECTORY`; nil where there are none.
  let credentials: String?

  static func name(_ id: Int64) -> String { "pepper-\(id)" }

  /// Numbers of all that are there, the oldest first.
  var ids: [Int64] {
    let names = [folder, credentials].compactMap(\.self).flatMap {
      (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? []
    }
    let ids = names.compactMap { name -> Int64? in
      guard name.hasPrefix("pepper-"), let id = Int64(name.dropFirst(7)), id > 0,
        name == Self.name(id)
      else { return nil }
      return id
    }
    return Set(ids).sorted()
  }

  fileprivate func isCredential(_ id: Int64) -> Bool {
    credentials.map { FileManager.default.fileExists(atPath: "\($0)/\(Self.name(id))") } ?? false
  }

  /// The data folder's file of a number that is among the credentials too; nil where there is none.
  fileprivate func shadowedPath(_ id: Int64) -> String? {
    let path = folder + "/" + Self.name(id)
    return isCredential(id) && FileManager.default.fileExists(atPath: path) ? path : nil
  }

  fileprivate func path(_ id: Int64) -> String {
    (isCredential(id) ? credentials ?? folder : folder) + "/" + Self.name(id)
  }
}

/// All peppers of a data folder.
struct Peppers: Sendable {
  /// The newest first.
  let all: [Pepper]
  /// What new keys are made with.
  var newest: Pepper { all[0] }

  /// The one of a number; nil where it is gone.
  subscript(_ id: Int64) -> Pepper? { all.first { $0.id == id } }

  /// Reads them, or makes the first one where there is none and no key needs one.
  ///
  /// - Parameter needed: those that keys which work were made with.
  /// - Throws: ``UsageStoreError``: `unusablePepper` where a needed one is missing, or where one is
  ///   readable by others or has the wrong length.
  init(_ place: PepperPlace, needed: Set<Int64>) throws(UsageStoreError) {
    let known = place.ids
    let ids = Set(known).union(needed).sorted(by: >)
    guard !ids.isEmpty else {
      all = [try Pepper(1, in: place, mayCreate: true)]
      return
    }
    var all: [Pepper] = []
    for id in ids { all.append(try Pepper(id, in: place)) }
    self.all = all
  }

  /// Makes the next one in the data folder.
  func makeNext(in place: PepperPlace) throws(UsageStoreError) -> Pepper {
    try Pepper(newest.id + 1, in: place, mayCreate: true)
  }
}
